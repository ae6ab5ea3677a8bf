/** Upscaling pictures that were downscaled before they were coded. */

/**
 * @typedef {{ data: Float64Array, rows: number, columns: number, channels: number }} Maps
 */

/**
 * Return levels in another size.
 * @param {Maps} x
 * @param {number} rows
 * @param {number} columns
 * @returns {Maps}
 */
export function upscale(x, rows, columns) {
  if (x.rows === rows && x.columns === columns) return x;
  const line = x.columns * x.channels;
  const high = longer(x.data, 1, x.rows, line, rows, 8);
  const data = longer(high, rows, x.columns, x.channels, columns, 16);
  for (let i = 0; i < data.length; i++) data[i] = Math.min(255, Math.max(0, data[i]));
  return { data, rows, columns, channels: x.channels };
}

/**
 * Return `count` parts made of each group of `parts`, each a rounded sum of four.
 * @param {Float64Array} data groups of parts of `size` numbers
 * @param {number} groups
 * @param {number} parts
 * @param {number} size
 * @param {number} count
 * @param {number} shift
 */
function longer(data, groups, parts, size, count, shift) {
  const out = new Float64Array(groups * count * size);
  const [half, scale] = [2 ** shift / 2, 2 ** -shift];
  for (let index = 0; index < count; index++) {
    const place = (2 * index + 1) * parts - count;
    const below = Math.floor(place / (2 * count));
    const d = Math.floor(((place - 2 * count * below) * 1024) / (2 * count));
    const weights = [tap(1024 + d), 0, tap(1024 - d), tap(2048 - d)];
    weights[1] = 4096 - weights[0] - weights[2] - weights[3];
    const sources = [-1, 0, 1, 2].map((k) => Math.min(parts - 1, Math.max(0, below + k)) * size);
    for (let group = 0; group < groups; group++) {
      const [from, to] = [group * parts * size, (group * count + index) * size];
      for (let i = 0; i < size; i++) {
        let sum = half;
        for (let k = 0; k < 4; k++) sum += weights[k] * data[from + sources[k] + i];
        out[to + i] = Math.floor(sum * scale);
      }
    }
  }
  return out;
}

/**
 * Return the weight of a value at a distance of x / 1024, in units of 2^-12.
 * @param {number} x
 */
function tap(x) {
  const near = 5 * x ** 3 - 9 * 2 ** 10 * x ** 2 + 2 ** 32;
  const far = -3 * x ** 3 + 15 * 2 ** 10 * x ** 2 - 24 * 2 ** 20 * x + 12 * 2 ** 30;
  return Math.floor(((x < 1024 ? near : far) + 2 ** 19) / 2 ** 20);
}
