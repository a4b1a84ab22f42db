// Rounds as Python does: a half goes to the even neighbour.
export function round(value) {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

export const clip = (value, low, high) => Math.min(Math.max(value, low), high);
