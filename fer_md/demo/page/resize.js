// Other sizes of a picture, with OpenCV's arithmetic: means of areas where it shrinks to less than half, else bilinear.

import { clip, round } from "./numbers.js";

export function resize(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  return 2 * width < picture.width ? resizeArea(picture, width, height) : resizeLinear(picture, width, height);
}

// cv2.INTER_LINEAR, with weights of 11 bits.
export function resizeLinear(picture, width, height) {
  if (picture.width === 2 * width && picture.height === 2 * height) return halve(picture);
  const { channels, data } = picture;
  const columns = linearTaps(picture.width, width, true), rows = linearTaps(picture.height, height, false);
  const line = channels * width;
  const result = new Uint8Array(line * height);
  const mixed = new Map(); // rows of the picture, already as wide as the result
  const mix = (row) => {
    if (mixed.has(row)) return mixed.get(row);
    const sums = new Int32Array(line), start = row * channels * picture.width;
    for (let x = 0, to = 0; x < width; x++) {
      const { first, second, weight } = columns[x];
      for (let channel = 0; channel < channels; channel++, to++) {
        const from = start + channel;
        sums[to] = data[from + channels * first] * weight[0] + data[from + channels * second] * weight[1];
      }
    }
    mixed.set(row, sums);
    if (mixed.size > 2) mixed.delete(mixed.keys().next().value);
    return sums;
  };
  rows.forEach(({ first, second, weight }, y) => {
    const upper = mix(first), lower = mix(second);
    for (let to = 0; to < line; to++) {
      const sum = ((weight[0] * (upper[to] >> 4)) >> 16) + ((weight[1] * (lower[to] >> 4)) >> 16);
      result[y * line + to] = clip((sum + 2) >> 2, 0, 255);
    }
  });
  return { width, height, channels, data: result };
}

// For each place of the result the two places of the picture beside it, and their weights out of 2048.
function linearTaps(from, to, whole) {
  const step = 1 / (to / from);
  return Array.from({ length: to }, (_, place) => {
    const middle = Math.fround((place + 0.5) * step - 0.5);
    let first = Math.floor(middle), share = Math.fround(middle - first);
    if (whole && (first < 0 || first >= from - 1)) share = 0;
    const last = from - 1;
    const weight = [round(2048 * Math.fround(1 - share)), round(2048 * share)];
    return { first: clip(first, 0, last), second: clip(first + 1, 0, last), weight };
  });
}

// Means of four pixels, to which both turn at exactly half of the size; a half is rounded up.
function halve({ width, height, channels, data }) {
  const line = channels * width, result = new Uint8Array(data.length / 4);
  for (let y = 0, to = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      for (let at = y * line + x * channels, end = at + channels; at < end; at++, to++) {
        result[to] = (data[at] + data[at + channels] + data[at + line] + data[at + line + channels] + 2) >> 2;
      }
    }
  }
  return { width: width / 2, height: height / 2, channels, data: result };
}

// cv2.INTER_AREA: the mean over the part of the picture that a pixel of the result covers.
export function resizeArea(picture, width, height) {
  const { channels, data } = picture;
  const columns = areaTaps(picture.width, width), rows = areaTaps(picture.height, height);
  const line = channels * width;
  const result = new Uint8Array(line * height);
  const sums = new Float32Array(line), means = new Float32Array(line);
  rows.forEach((tapsY, y) => {
    means.fill(0);
    for (const { place: row, share: down } of tapsY) {
      sums.fill(0);
      const start = row * channels * picture.width;
      columns.forEach((tapsX, x) => {
        for (const { place, share } of tapsX) {
          const from = start + channels * place, to = channels * x;
          for (let channel = 0; channel < channels; channel++) sums[to + channel] += data[from + channel] * share;
        }
      });
      for (let to = 0; to < line; to++) means[to] += down * sums[to];
    }
    for (let to = 0; to < line; to++) result[y * line + to] = clip(round(means[to]), 0, 255);
  });
  return { width, height, channels, data: result };
}

// For each place of the result the places of the picture that it covers, and the share of each.
function areaTaps(from, to) {
  const step = from / to;
  return Array.from({ length: to }, (_, place) => {
    const start = place * step, end = start + step, length = Math.min(step, from - start);
    const last = Math.min(Math.floor(end), from - 1), first = Math.min(Math.ceil(start), last);
    const taps = [];
    const add = (at, part) => taps.push({ place: at, share: Math.fround(part / length) });
    if (first - start > 1e-3) add(first - 1, first - start);
    for (let at = first; at < last; at++) add(at, 1);
    if (end - last > 1e-3) add(last, Math.min(end - last, 1, length));
    return taps;
  });
}
