// YuNet finds faces at one look at a picture in a fixed size, as fer_md.faces.yunet has it.

import { round } from "./numbers.js";
import { resize } from "./resize.js";

const STRIDES = [8, 16, 32]; // pixels between the places of each of the network's maps
const VALUES = 6; // numbers of a place
const FIRST = 20, LAST = 500; // pixels of the smallest and the largest face to find in a look
const SMALLER = 8; // times that each further look is smaller
const FIND = 0.2; // lowest score of a face that is looked at again

// Side of the smallest face to look for, in pixels of the picture.
function smallest({ width, height }) {
  const longer = Math.max(width, height);
  return Math.max(Math.min(Math.max(longer / 18, 20), 40), longer / 48);
}

// The picture in the sizes at which it is looked at. None has a side beyond 960, so that no look needs strips.
export function looksAt(picture) {
  let scale = FIRST / smallest(picture), last = picture;
  const looks = [];
  do {
    const side = (length) => Math.max(round(length * scale), 1);
    looks.push((last = resize(last, side(picture.width), side(picture.height))));
    scale /= SMALLER;
  } while (Math.min(last.width, last.height) > LAST);
  return looks;
}

// The faces {box, score} in a look, in pixels of the picture that it is of.
export async function find(network, look, picture) {
  const canvas = padded(look);
  const count = STRIDES.reduce((sum, stride) => sum + (canvas.width / stride) * (canvas.height / stride), 0);
  const answer = await network.call(canvas.data, [1, canvas.height, canvas.width, 3], [1, count, VALUES]);
  const faces = [], scaleX = picture.width / look.width, scaleY = picture.height / look.height;
  let at = 0;
  for (const stride of STRIDES) {
    const columns = canvas.width / stride, places = columns * (canvas.height / stride);
    for (let place = 0; place < places; place++, at += VALUES) {
      const score = 1 / Math.sqrt((1 + Math.exp(-answer[at])) * (1 + Math.exp(-answer[at + 1])));
      if (!(score > FIND)) continue;
      const width = Math.exp(answer[at + 4]), height = Math.exp(answer[at + 5]);
      const left = (place % columns) + answer[at + 2] - width / 2;
      const top = Math.floor(place / columns) + answer[at + 3] - height / 2;
      const box = [left * stride * scaleX, top * stride * scaleY, width * stride * scaleX, height * stride * scaleY];
      faces.push({ box, score });
    }
  }
  return faces;
}

// The look with black to its right and below, so that the sides are multiples of the largest stride.
function padded(look) {
  const step = STRIDES.at(-1);
  const width = Math.ceil(look.width / step) * step, height = Math.ceil(look.height / step) * step;
  const data = new Uint8Array(3 * width * height);
  for (let row = 0; row < look.height; row++) {
    data.set(look.data.subarray(3 * look.width * row, 3 * look.width * (row + 1)), 3 * width * row);
  }
  return { width, height, data };
}
