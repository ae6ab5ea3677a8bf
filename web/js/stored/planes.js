/** Samples of a picture in planes with borders, and what is known around each of them (docs/format.md, section 15). */

/** Steps by which a row runs behind the row above it, and a plane behind the one before it. */
export const SLANT = 2;
/** Of a step and a pixel, as times that of palettes. */
export const COST = 4;
const DELAY = 5;
/** Rows and columns of a plane's border. */
const [ABOVE, BELOW, BESIDE] = [4, 2, 6];
/** Columns to the right that the rows above repeat a sample of row 0 in. */
const AHEAD = 3;
const OWN = [
  [-1, -1], [-1, 1], [0, -2], [-2, 0], [-2, 1], [-1, -2], [-2, -1], [-2, 2], [0, -3], [-3, 0], [-2, -2], [-3, 1], [0, -4],
  [-3, -1], [-1, -3], [-3, 2], [-2, 3], [-3, 3], [-2, -3], [-4, 0], [-3, -2], [0, -5], [-4, 1],
];
const OTHER = [[0, 0], [0, -1], [0, 1], [1, 0], [-1, 1], [-1, -1], [1, 1], [1, -1]];

/**
 * Return places of a list with the number of planes before that they are in.
 * @param {number} before
 * @param {number} first
 * @param {number} last
 */
const part = (before, first, last) => (before ? OTHER : OWN).slice(first, last + 1).map((place) => [before, ...place]);

/** Neighbours of a sample of the first, the second and a later plane. */
const NEIGHBOURS = [
  [[0, 0, -1], ...part(0, 0, 22)],
  [
    [0, 0, -1], ...part(1, 0, 1), ...part(0, 0, 1), ...part(1, 2, 3), ...part(0, 2, 3), ...part(1, 4, 6), ...part(0, 4, 9),
    ...part(1, 7, 7), ...part(0, 10, 14),
  ],
  [
    [0, 0, -1], ...part(1, 0, 0), ...part(2, 0, 0), ...part(1, 1, 1), ...part(2, 1, 1), ...part(0, 0, 1), ...part(1, 2, 3),
    ...part(2, 2, 3), ...part(0, 2, 6), ...part(1, 4, 7), ...part(2, 4, 7),
  ],
];
export const FEATURES = NEIGHBOURS[0].length;

/**
 * @typedef {{ plane: number, first: number, count: number, at: number }} Part
 *   samples of a step that are of one plane: their first row, how many there are, and the place of the first one
 */

export class Planes {
  /**
   * @param {number} count
   * @param {number} height
   * @param {number} width
   */
  constructor(count, height, width) {
    this.count = count;
    this.height = height;
    this.width = width;
    this.stride = width + 2 * BESIDE;
    /** Places of a plane, and from a sample to the one below it of the same step. */
    this.size = (ABOVE + height + BELOW) * this.stride;
    this.down = this.stride - SLANT;
    this.samples = new Uint8Array(count * this.size);
    /** Samples of a step, at most. */
    this.most = count * Math.min(height, Math.ceil(width / SLANT));
    this.steps = width + SLANT * (height - 1) + DELAY * (count - 1);
    const offset = (/** @type {number[]} */ [before, row, column]) => row * this.stride + column - before * this.size;
    this.offsets = NEIGHBOURS.map((list) => Int32Array.from(list, offset));
    this.before = NEIGHBOURS.map((list) => Uint8Array.from(list, ([before]) => before));
    this.bases = new Float64Array(3);
  }

  /**
   * Return the parts of a step.
   * @param {number} time
   * @returns {Part[]}
   */
  parts(time) {
    const parts = [];
    for (let plane = 0; plane < this.count; plane++) {
      const own = time - DELAY * plane;
      const first = Math.max(0, Math.ceil((own - this.width + 1) / SLANT));
      const count = Math.min(this.height - 1, Math.floor(own / SLANT)) + 1 - first;
      const at = plane * this.size + (ABOVE + first) * this.stride + BESIDE + own - SLANT * first;
      if (count > 0) parts.push({ plane, first, count, at });
    }
    return parts;
  }

  /**
   * Return the samples of a row.
   * @param {number} plane
   * @param {number} row
   */
  row(plane, row) {
    const start = plane * this.size + (ABOVE + row) * this.stride + BESIDE;
    return this.samples.subarray(start, start + this.width);
  }

  /**
   * Return the sum of the samples to the west and to the north of one.
   * @param {number} at place of it
   */
  base(at) {
    return this.samples[at - 1] + this.samples[at - this.stride];
  }

  /**
   * Put the features of a sample into an array, from a place on.
   * @param {number} plane
   * @param {number} at place of the sample
   * @param {Float64Array} features
   * @param {number} place
   */
  features(plane, at, features, place) {
    const { samples, size, bases } = this;
    const kind = Math.min(plane, 2);
    const offsets = this.offsets[kind];
    const before = this.before[kind];
    for (let b = 0; b <= kind; b++) bases[b] = this.base(at - b * size);
    for (let i = 0; i < FEATURES; i++) features[place + i] = 2 * samples[at + offsets[i]] - bases[before[i]];
  }

  /**
   * Repeat the samples of a step that are at an edge in the border.
   * @param {Part} part
   * @param {number} time
   */
  extend({ plane, first, count, at }, time) {
    const { samples, stride, width, height, down } = this;
    const own = time - DELAY * plane;
    const last = first + count - 1;
    const end = at + (count - 1) * down;
    const top = plane * this.size + BESIDE;
    if (own === SLANT * last) {
      const value = samples[end];
      samples.fill(value, end - BESIDE, end);
      samples.fill(value, end + stride - BESIDE, end + stride);
      for (let row = 0; last === 0 && row < ABOVE; row++) samples.fill(value, top + row * stride - BESIDE, top + row * stride + 1);
    }
    if (own - SLANT * first === width - 1) samples.fill(samples[at], at + 1, at + 1 + BESIDE);
    if (first === 0) {
      for (let row = 0; row < ABOVE; row++) samples.fill(samples[at], top + row * stride + own + 1, top + row * stride + own + 1 + AHEAD);
    }
    for (let row = 1; last === height - 1 && row <= BELOW; row++) samples[end + row * stride] = samples[end];
  }
}
