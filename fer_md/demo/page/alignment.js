// Cuts a face out of a picture by its eyes, or else by its box, as fer_md.faces.alignment does.

import { clip, round } from "./numbers.js";
import { cut, gray } from "./picture.js";
import { resizeArea } from "./resize.js";

const EYE_DISTANCE = 0.37, EYE_HEIGHT = 0.385; // shares of the side of an aligned face
const MIN_EYE_DISTANCE = 0.15; // share of the box's longer side below which the face is seen from the side

// The gray levels of a face {box, landmarks}: size rows of size pixels.
export function cutFace(picture, { box, landmarks }, size) {
  const [[leftX, leftY], [rightX, rightY]] = landmarks;
  const distance = Math.hypot(rightX - leftX, rightY - leftY);
  const [x, y, width, height] = box, longer = Math.max(width, height);
  if (distance < Math.max(1, MIN_EYE_DISTANCE * longer)) {
    return cutSquare(picture, [x + width / 2 - 0.5, y + height / 2 - 0.5], longer, [1, 0], size);
  }
  const across = [(rightX - leftX) / distance, (rightY - leftY) / distance], side = distance / EYE_DISTANCE;
  const lower = (0.5 - EYE_HEIGHT) * side;
  const center = [(leftX + rightX) / 2 - lower * across[1], (leftY + rightY) / 2 + lower * across[0]];
  return cutSquare(picture, center, side, across, size);
}

// Samples a turned square: about `center`, with the unit vector `across` along its upper edge.
function cutSquare(picture, center, side, across, size) {
  let [part, corner] = partAround(picture, center, 0.75 * side + 2), shrink = [1, 1];
  if (size < side) { // bilinear sampling alone would skip pixels
    const shrunk = (length) => Math.max(1, round((length * size) / side));
    const smaller = resizeArea(part, shrunk(part.width), shrunk(part.height));
    shrink = [smaller.width / part.width, smaller.height / part.height];
    part = smaller;
  }
  const step = side / size, middle = (size - 1) / 2;
  const linear = [[across[0] * step, -across[1] * step], [across[1] * step, across[0] * step]];
  const matrix = linear.map(([a, b], axis) => {
    const offset = center[axis] - corner[axis] - (a + b) * middle;
    return [a * shrink[axis], b * shrink[axis], (offset + 0.5) * shrink[axis] - 0.5];
  });
  return sample(part, matrix, size);
}

// The part of a picture within `radius` of a point, in gray, and its corner.
function partAround(picture, [x, y], radius) {
  const right = picture.width - 1, bottom = picture.height - 1;
  const left = clip(Math.floor(x - radius), 0, right), top = clip(Math.floor(y - radius), 0, bottom);
  const width = clip(Math.ceil(x + radius), 0, right) - left + 1;
  const height = clip(Math.ceil(y + radius), 0, bottom) - top + 1;
  return [gray(cut(picture, left, top, width, height, 0)), [left, top]];
}

// Bilinear samples of a gray picture at the places where a matrix takes the pixels of the result.
function sample({ width, height, data }, [[a, b, c], [d, e, f]], size) {
  const result = new Uint8Array(size * size);
  const level = (x, y) => data[clip(y, 0, height - 1) * width + clip(x, 0, width - 1)];
  for (let row = 0, to = 0; row < size; row++) {
    for (let column = 0; column < size; column++, to++) {
      const x = a * column + b * row + c, y = d * column + e * row + f;
      const left = Math.floor(x), top = Math.floor(y);
      const right = x - left, down = y - top;
      const upper = level(left, top) * (1 - right) + level(left + 1, top) * right;
      const lower = level(left, top + 1) * (1 - right) + level(left + 1, top + 1) * right;
      result[to] = round(upper * (1 - down) + lower * down);
    }
  }
  return result;
}
