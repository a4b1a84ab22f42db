// Pictures as rows of pixels: {width, height, channels, data}, gray levels as bytes.

export function fromRgba(rgba, width, height) {
  const data = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from];
    data[to + 1] = rgba[from + 1];
    data[to + 2] = rgba[from + 2];
  }
  return { width, height, channels: 3, data };
}

// The part of a picture at a whole box, which may reach beyond it; there it has the gray level `fill`.
export function cut(picture, x, y, width, height, fill) {
  const { channels } = picture;
  const data = new Uint8Array(channels * width * height).fill(fill);
  const left = Math.max(x, 0), right = Math.min(x + width, picture.width);
  for (let row = Math.max(y, 0); row < Math.min(y + height, picture.height) && left < right; row++) {
    const start = channels * (row * picture.width + left);
    const line = picture.data.subarray(start, start + channels * (right - left));
    data.set(line, channels * ((row - y) * width + left - x));
  }
  return { width, height, channels, data };
}

// Luma of ITU-R BT.601 with weights of 15 bits, as OpenCV has them.
export function gray(picture) {
  const data = new Uint8Array(picture.width * picture.height);
  for (let from = 0, to = 0; to < data.length; from += 3, to++) {
    const sum = 9798 * picture.data[from] + 19235 * picture.data[from + 1] + 3735 * picture.data[from + 2];
    data[to] = (sum + 16384) >> 15;
  }
  return { width: picture.width, height: picture.height, channels: 1, data };
}
