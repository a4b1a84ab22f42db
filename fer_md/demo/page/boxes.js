// Boxes [x, y, width, height] in pixels: overlap, and choices among them.

function common(first, second) {
  const width = Math.min(first[0] + first[2], second[0] + second[2]) - Math.max(first[0], second[0]);
  const height = Math.min(first[1] + first[3], second[1] + second[3]) - Math.max(first[1], second[1]);
  return Math.max(width, 0) * Math.max(height, 0);
}

const area = (box) => box[2] * box[3];

// Intersection over union.
export function iou(first, second) {
  const both = common(first, second);
  return both / (area(first) + area(second) - both);
}

// Intersection over the smaller of the two.
export const cover = (first, second) => common(first, second) / Math.min(area(first), area(second));

// Drops each of the faces {box, score} that a better one, itself kept, overlaps too much. The best comes first.
export function suppress(faces, overlap, measure = iou) {
  const kept = [];
  for (const face of [...faces].sort((first, second) => second.score - first.score)) {
    if (!kept.some((better) => measure(better.box, face.box) > overlap)) kept.push(face);
  }
  return kept;
}

// The square about the middle of a box, as large as a share of its longer side.
export function square([x, y, width, height], share) {
  const side = share * Math.max(width, height);
  return [x + (width - side) / 2, y + (height - side) / 2, side, side];
}

// The part of a box in a picture, or null where less than one pixel is left of a side.
export function clipBox([x, y, width, height], picture) {
  const left = Math.max(x, 0), top = Math.max(y, 0);
  const across = Math.min(x + width, picture.width) - left, down = Math.min(y + height, picture.height) - top;
  return across < 1 || down < 1 ? null : [left, top, across, down];
}
