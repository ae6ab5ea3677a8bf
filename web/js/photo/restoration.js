/** The restoration filter of the photo family: a symmetric filter of 5 x 5 pixels that the sender fitted to the picture. */

const [TAPS, REACH, SHIFT, OFFSET_UNIT] = [12, 2, 10, 64];

/**
 * Filter levels of red, green and blue in place.
 * @param {Uint8Array} levels
 * @param {Int8Array} filter
 * @param {number} height
 * @param {number} width
 */
export function restore(levels, filter, height, width) {
  const [gains, offsets] = [filter.subarray(TAPS, TAPS + 3), filter.subarray(TAPS + 3)];
  const stride = width + 2 * REACH;
  /** Rows of L = red + 2 green + blue around the one that is filtered, by number modulo five, widened by REACH. */
  const rows = Array.from({ length: 2 * REACH + 1 }, () => new Int32Array(stride));
  const at = (/** @type {number} */ row) => rows[(row + 5 * REACH) % rows.length];
  for (let row = -REACH; row < REACH; row++) sums(levels, row, height, width, at(row));
  const taps = Array.from(filter.subarray(0, TAPS), (factor, k) => ({
    factor, down: Math.floor(k / 5) - REACH, right: (k % 5) - REACH,
  })).filter(({ factor }) => factor);
  const changes = new Int32Array(width);
  for (let row = 0, place = 0; row < height; row++) {
    sums(levels, row + REACH, height, width, at(row + REACH));
    const middle = at(row);
    changes.fill(1 << (SHIFT - 1));
    for (const { factor, down, right } of taps) {
      const [above, below] = [at(row + down), at(row - down)];
      for (let column = 0, i = REACH; column < width; column++, i++) {
        changes[column] += factor * (above[i + right] + below[i - right] - 2 * middle[i]);
      }
    }
    for (let column = 0; column < width; column++) {
      for (let c = 0; c < 3; c++, place++) {
        const x = levels[place];
        const value = x + ((changes[column] + gains[c] * (x - 128) + OFFSET_UNIT * offsets[c]) >> SHIFT);
        levels[place] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
    }
  }
}

/**
 * Write L of a row, the nearest one of the picture, with the pixels at its ends repeated.
 * @param {Uint8Array} levels
 * @param {number} row
 * @param {number} height
 * @param {number} width
 * @param {Int32Array} out
 */
function sums(levels, row, height, width, out) {
  const start = 3 * width * Math.min(height - 1, Math.max(0, row));
  for (let i = 0; i < out.length; i++) {
    const place = start + 3 * Math.min(width - 1, Math.max(0, i - REACH));
    out[i] = levels[place] + 2 * levels[place + 1] + levels[place + 2];
  }
}
