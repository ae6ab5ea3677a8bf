/** Ink of a drawing as the model's digits are: fitted into 20 x 20 pixels, its mass in the middle, black or white. */

const SHARE = 20 / 28;

/**
 * Return 0s and 1s of `size` x `size` pixels, or undefined if there is no ink.
 * @param {Uint8Array} ink levels of `side` x `side` pixels
 * @param {number} side
 * @param {number} size
 */
export function centred(ink, side, size) {
  const box = bounds(ink, side);
  if (!box) return undefined;
  const { top, left, bottom, right, row, column } = box;
  const scale = Math.max(bottom - top, right - left) / (SHARE * size);
  const out = new Uint8Array(size * size);
  for (let r = 0; r < size; r++) {
    for (let c = 0; c < size; c++) {
      // The mean over a pixel of the drawing that it covers.
      const [y, x] = [(r - size / 2) * scale + row, (c - size / 2) * scale + column];
      out[r * size + c] = mean(ink, side, y, x, scale) >= 128 ? 1 : 0;
    }
  }
  return out;
}

/**
 * Return the box of ink and the middle of its mass.
 * @param {Uint8Array} ink
 * @param {number} side
 */
function bounds(ink, side) {
  let [top, left, bottom, right, mass, rows, columns] = [side, side, 0, 0, 0, 0, 0];
  for (let r = 0; r < side; r++) {
    for (let c = 0; c < side; c++) {
      const level = ink[r * side + c];
      mass += level;
      rows += level * (r + 0.5);
      columns += level * (c + 0.5);
      if (level < 128) continue;
      [top, left] = [Math.min(top, r), Math.min(left, c)];
      [bottom, right] = [Math.max(bottom, r + 1), Math.max(right, c + 1)];
    }
  }
  return bottom ? { top, left, bottom, right, row: rows / mass, column: columns / mass } : undefined;
}

/**
 * Return the mean level of a square whose corner lies at y, x.
 * @param {Uint8Array} ink
 * @param {number} side
 * @param {number} y
 * @param {number} x
 * @param {number} size
 */
function mean(ink, side, y, x, size) {
  const steps = Math.max(2, Math.ceil(size));
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    for (let j = 0; j < steps; j++) {
      const [r, c] = [Math.floor(y + ((i + 0.5) * size) / steps), Math.floor(x + ((j + 0.5) * size) / steps)];
      if (r >= 0 && c >= 0 && r < side && c < side) sum += ink[r * side + c];
    }
  }
  return sum / (steps * steps);
}
