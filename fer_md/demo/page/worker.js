// Looks at pictures beside the page, which stays responsive. Started as a classic script: the runtime's script is one.
// It is sent {number, bitmap} and answers {kind: "answer", number, faces} or {kind: "error", number, reason}. Before,
// it tells {kind: "loading", bytes}, in the end {kind: "ready"} or {kind: "failed", reason}.
"use strict";

async function load() {
  const [{ download }, { Network, startRuntime }, { Predictor }] = await Promise.all(
    ["./download.js", "./network.js", "./predictor.js"].map((name) => import(name)),
  );
  const about = await (await fetch("in_browser.json")).json();
  const get = ({ url }) => download(url, (bytes) => postMessage({ kind: "loading", bytes }));
  importScripts(about.runtime.script.url);
  const started = await startRuntime(self.ModuleFactory, await get(about.runtime.program));
  const network = async (file) => new Network(started, await get(file));
  const networks = {};
  for (const part of ["find", "confirm", "classify"]) networks[part] = await network(about[part]);
  return new Predictor(networks, about);
}

const loaded = load();
loaded.then(
  () => postMessage({ kind: "ready" }),
  (error) => postMessage({ kind: "failed", reason: String(error.message ?? error) }),
);
let last = Promise.resolve(); // pictures are looked at one after the other

self.onmessage = ({ data: { number, bitmap } }) => {
  last = last.then(async () => {
    try {
      const [predictor, { pixelsOf }] = await Promise.all([loaded, import("./pixels.js")]);
      postMessage({ kind: "answer", number, faces: await predictor.predict(pixelsOf(bitmap)) });
    } catch (error) {
      postMessage({ kind: "error", number, reason: String(error.message ?? error) });
    } finally {
      bitmap.close();
    }
  });
};
