// The pixels of a bitmap, strip by strip: a canvas has a largest size, which photographs exceed on some phones.

import { fromRgba } from "./picture.js";

const STRIP = 2 ** 22; // pixels

export function pixelsOf(bitmap) {
  const { width, height } = bitmap, data = new Uint8Array(3 * width * height);
  const rows = Math.min(Math.max(Math.floor(STRIP / width), 1), height);
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  for (let top = 0; top < height; top += rows) {
    const used = Math.min(rows, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, top, width, used, 0, 0, width, used);
    const strip = fromRgba(context.getImageData(0, 0, width, used).data, width, used);
    data.set(strip.data, 3 * width * top);
  }
  return { width, height, channels: 3, data };
}
