// What a user does with the page, and what it says.

import { InBrowser, OnServer } from "./answers.js";
import { Camera } from "./camera.js";
import { draw, list, summary } from "./faces_view.js";

const [canvas, faces, statusLine, speed, cameraButton, loading, loadingText, progress] = [
  "picture", "faces", "status", "speed", "camera", "loading", "loading-text", "progress",
].map((name) => document.getElementById(name));
const camera = new Camera(document.getElementById("video"));
const PAUSE = 3000; // milliseconds between what the status says of the camera: a screen reader speaks it
let shown = null; // the file that is shown

function say(text, isError = false) {
  statusLine.textContent = text;
  statusLine.classList.toggle("error", isError);
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

const views = { server: new OnServer() };
const choice = (name) => document.querySelector(`[name=view][value=${name}]`);

// The chosen view; before it is known whether the page can look itself, nothing is sent anywhere.
async function chosen() {
  await prepared;
  return views[document.querySelector("[name=view]:checked").value];
}

// Begins to load what the page needs to look at pictures itself, where the server has it.
async function prepare() {
  const about = await (await fetch("in_browser.json")).json();
  if (about.reason) throw new Error(about.reason);
  loading.hidden = false;
  views.browser = new InBrowser(about, (bytes, all) => {
    loadingText.textContent = `Loading the runtime and the networks: ${megabytes(bytes)} of ${megabytes(all)}`;
    progress.value = bytes / all;
  });
  if (!choice("server").checked) choice("browser").checked = true;
  views.browser.loaded.then(() => (loading.hidden = true), refuse);
}

function refuse({ message }) {
  choice("browser").disabled = true;
  choice("server").checked = true;
  loading.hidden = false;
  progress.hidden = true;
  loadingText.textContent = `This page cannot look at pictures itself: ${message}.`;
}

// The pixels as they are in the file, turned as it states.
async function decode(file) {
  try {
    return await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw new Error("the browser cannot read it. It is damaged, or no PNG, JPEG, WebP, GIF or BMP");
  }
}

async function show(file) {
  stopCamera();
  shown = file;
  say("Looking …");
  try {
    const bitmap = await decode(file);
    const found = await (await chosen()).ask(bitmap, file);
    if (shown !== file) return;
    draw(canvas, bitmap, found);
    bitmap.close();
    list(faces, found);
    say(summary(found));
  } catch (error) {
    if (shown === file) say(`This picture cannot be shown: ${error.message}`, true);
  }
}

function stopCamera() {
  camera.stop();
  cameraButton.setAttribute("aria-pressed", "false");
  speed.textContent = "";
}

async function watch() {
  shown = null;
  try {
    await camera.start(() => {
      stopCamera();
      say("The camera gives no more frames.", true);
    });
  } catch (error) {
    stopCamera();
    return say(`The camera cannot be used: ${error.message}`, true);
  }
  cameraButton.setAttribute("aria-pressed", "true");
  say("Looking …");
  const times = [];
  let said = -PAUSE;
  try {
    for await (const bitmap of camera.frames()) {
      const found = await (await chosen()).ask(bitmap, null);
      if (!camera.on) break;
      draw(canvas, bitmap, found);
      list(faces, found);
      bitmap.close();
      const now = performance.now();
      times.push(now);
      while (now - times[0] > 1000) times.shift();
      if (times.length > 1) {
        const rate = (1000 * (times.length - 1)) / (now - times[0]);
        speed.textContent = `${rate.toFixed(1)} frames a second`;
      }
      if (now - said >= PAUSE) {
        say(summary(found));
        said = now;
      }
    }
  } catch (error) {
    stopCamera();
    say(`A frame cannot be looked at: ${error.message}`, true);
  }
}

document.getElementById("host").textContent = location.host;
document.getElementById("file").addEventListener("change", (event) => {
  if (event.target.files.length) show(event.target.files[0]);
  event.target.value = "";
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    document.body.classList.toggle("dropping", name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) show(event.dataTransfer.files[0]);
  });
}
cameraButton.addEventListener("click", () => {
  if (!camera.on) return watch();
  stopCamera();
  say("The camera is off.");
});
for (const name of ["browser", "server"]) {
  choice(name).addEventListener("change", () => {
    if (shown) show(shown);
  });
}
const prepared = prepare().catch(refuse);
