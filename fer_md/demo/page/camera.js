// The frames of the camera, one at a time.

export class Camera {
  constructor(video) {
    this.video = video;
  }

  get on() {
    return Boolean(this.video.srcObject);
  }

  // `onEnd` is called if the camera ends by itself, as where it is unplugged.
  async start(onEnd) {
    if (!navigator.mediaDevices) {
      throw new Error("browsers give it only to pages of this computer (127.0.0.1) or with HTTPS");
    }
    const video = { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" };
    this.video.srcObject = await navigator.mediaDevices.getUserMedia({ video });
    for (const track of this.video.srcObject.getTracks()) track.onended = onEnd;
    await this.video.play();
  }

  stop() {
    for (const track of this.video.srcObject?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
  }

  // Frames until the camera is stopped; what is not asked for in time is left out.
  async *frames() {
    const stream = this.video.srcObject;
    while (stream && this.video.srcObject === stream) {
      await new Promise((next) => this.video.requestVideoFrameCallback(next));
      if (this.video.srcObject === stream) yield createImageBitmap(this.video);
    }
  }
}
