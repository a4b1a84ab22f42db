// MTCNN's last network looks at squares of a picture: it confirms a face and places its landmarks (fer_md.faces.judge).

import { round } from "./numbers.js";
import { cut } from "./picture.js";
import { resize } from "./resize.js";

const SIDE = 48; // of the square that the network sees
const VALUES = 16; // four steps of the edges, five x and five y of the landmarks, no face, face
const GRAY = 127; // beyond the picture

// The faces {box, landmarks, score} among squares; `pictures` has the picture in several sizes, the largest first.
export async function judge(network, pictures, squares, threshold) {
  const [picture] = pictures, faces = [];
  for (const [x, y, side] of squares) {
    if (side < 1 || x + side <= 0 || y + side <= 0 || x >= picture.width || y >= picture.height) continue;
    const large = pictures.filter(({ width }) => side * (width / picture.width) >= SIDE);
    const used = large.at(-1) ?? picture; // the smallest that need not be enlarged
    const scaleX = used.width / picture.width, scaleY = used.height / picture.height;
    const left = round(x * scaleX), top = round(y * scaleY), edge = Math.max(round(side * scaleX), 1);
    const seen = resize(cut(used, left, top, edge, edge, GRAY), SIDE, SIDE);
    const input = Float32Array.from(seen.data, (level) => (level - 127.5) / 128);
    const answer = await network.call(input, [1, SIDE, SIDE, 3], [1, VALUES]);
    const score = answer[VALUES - 1];
    if (!(score > threshold)) continue;
    const box = [left / scaleX, top / scaleY, edge / scaleX, edge / scaleY];
    const landmarks = [0, 1, 2, 3, 4].map((point) => [
      Math.fround(box[0] + answer[4 + point] * box[2]),
      Math.fround(box[1] + answer[9 + point] * box[3]),
    ]);
    faces.push({ box: moved(box, answer), landmarks, score });
  }
  return faces;
}

// Moves the left, upper, right and lower edges of a box by shares of its sides.
function moved([x, y, width, height], [left, top, right, bottom]) {
  return [x + left * width, y + top * height, width + (right - left) * width, height + (bottom - top) * height];
}
