// The two ways to the faces of a picture: in a worker of this page, and on the server. Each takes a bitmap, and the
// file that it was read from or null for a frame of the camera. It returns the list of faces.

export class InBrowser {
  // Begins to load; `about` is the description of what is loaded, `onBytes` is called with the bytes so far and in all.
  constructor(about, onBytes) {
    const files = [about.runtime.program, about.find, about.confirm, about.classify];
    const all = files.reduce((sum, { bytes }) => sum + bytes, 0);
    let soFar = 0, number = 0;
    onBytes(0, all);
    this.waiting = new Map();
    this.worker = new Worker("worker.js");
    this.loaded = new Promise((done, fail) => {
      this.worker.onerror = ({ message }) => fail(new Error(message || "the browser cannot start it"));
      this.worker.onmessage = ({ data }) => {
        if (data.kind === "loading") onBytes((soFar += data.bytes), all);
        else if (data.kind === "ready") done();
        else if (data.kind === "failed") fail(new Error(data.reason));
        else this.answered(data);
      };
    });
    this.next = () => number++;
  }

  async ask(bitmap) {
    await this.loaded;
    const number = this.next();
    this.worker.postMessage({ number, bitmap });
    return new Promise((done, fail) => this.waiting.set(number, { done, fail }));
  }

  answered({ kind, number, faces, reason }) {
    const { done, fail } = this.waiting.get(number);
    this.waiting.delete(number);
    if (kind === "answer") done(faces);
    else fail(new Error(reason));
  }
}

export class OnServer {
  async ask(bitmap, file) {
    const answer = await fetch("predict", { method: "POST", body: file ?? (await jpeg(bitmap)) });
    const content = await answer.json();
    if (!answer.ok) throw new Error(content.error);
    return content.faces;
  }
}

async function jpeg(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
}
