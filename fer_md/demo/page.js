// Sends pictures to the server of this page and shows the faces that it finds.
"use strict";

const canvas = document.getElementById("picture");
const context = canvas.getContext("2d");
const faces = document.getElementById("faces");
const video = document.getElementById("video");
const camera = document.getElementById("camera");
const statusLine = document.getElementById("status");
const LONGEST = 1280; // pixels of the longer side of what is shown

function say(text, isError = false) {
  statusLine.textContent = text;
  statusLine.classList.toggle("error", isError);
}

async function ask(picture) {
  const answer = await fetch("predict", { method: "POST", body: picture });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

function draw(source, answer) {
  const scale = Math.min(1, LONGEST / Math.max(answer.width, answer.height));
  canvas.width = Math.round(answer.width * scale);
  canvas.height = Math.round(answer.height * scale);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  context.lineWidth = Math.max(2, canvas.width / 250);
  context.font = `${Math.max(14, canvas.width / 40)}px system-ui, sans-serif`;
  context.textBaseline = "bottom";
  answer.faces.forEach((face, number) => {
    const [x, y, width, height] = face.box.map((value) => value * scale);
    context.strokeStyle = "#ffd400";
    context.strokeRect(x, y, width, height);
    const text = `${number + 1} ${face.label}`;
    context.fillStyle = "#ffd400";
    const size = parseFloat(context.font);
    const top = Math.max(y, size * 1.3);
    context.fillRect(x, top - size * 1.3, context.measureText(text).width + size / 2, size * 1.3);
    context.fillStyle = "#000";
    context.fillText(text, x + size / 4, top - size * 0.1);
  });
  canvas.setAttribute("aria-label", summary(answer));
}

function summary(answer) {
  if (!answer.faces.length) return "No face was found.";
  const names = answer.faces.map((face) => `${face.label} (${percent(face.probabilities[face.label])})`);
  return `${names.length === 1 ? "1 face" : `${names.length} faces`}: ${names.join(", ")}`;
}

const percent = (share) => `${Math.round(100 * share)} %`;

function list(answer) {
  faces.replaceChildren(...answer.faces.map((face, number) => {
    const item = document.createElement("li");
    const title = document.createElement("h2");
    title.textContent = `Face ${number + 1}: ${face.label}`;
    const table = document.createElement("table");
    for (const [name, share] of Object.entries(face.probabilities)) {
      const row = table.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      row.append(head);
      const meter = document.createElement("meter");
      meter.value = share;
      meter.setAttribute("aria-label", name);
      row.insertCell().append(meter);
      row.insertCell().textContent = percent(share);
    }
    item.append(title, table);
    return item;
  }));
}

async function show(file) {
  stopCamera();
  say("Looking …");
  try {
    const answer = await ask(file);
    const image = await createImageBitmap(file);
    draw(image, answer);
    list(answer);
    say(summary(answer));
  } catch (error) {
    say(`This picture cannot be shown: ${error.message}`, true);
  }
}

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

function stopCamera() {
  if (video.srcObject) video.srcObject.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
  camera.setAttribute("aria-pressed", "false");
}

camera.addEventListener("click", async () => {
  if (video.srcObject) {
    stopCamera();
    say("The camera is off.");
    return;
  }
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
    await video.play();
  } catch (error) {
    stopCamera();
    say(`The camera cannot be used: ${error.message}`, true);
    return;
  }
  camera.setAttribute("aria-pressed", "true");
  watch(video.srcObject);
});

async function watch(stream) {
  const frame = document.createElement("canvas");
  let last = performance.now();
  while (video.srcObject === stream) {
    frame.width = video.videoWidth;
    frame.height = video.videoHeight;
    frame.getContext("2d").drawImage(video, 0, 0);
    try {
      const answer = await ask(await new Promise((done) => frame.toBlob(done, "image/jpeg", 0.9)));
      if (video.srcObject !== stream) return;
      draw(frame, answer);
      list(answer);
      const now = performance.now();
      say(`${(1000 / (now - last)).toFixed(1)} frames a second. ${summary(answer)}`);
      last = now;
    } catch (error) {
      stopCamera();
      say(`The server does not answer: ${error.message}`, true);
    }
  }
}
