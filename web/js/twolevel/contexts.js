/** The causal neighbourhood of the pixels of a page, and what was counted in it (docs/format.md, section 17). */

export const SLANT = 4;
export const ROWS = 9;
const REACH = 7;
/** First bit and number of bits, in the pixel's row and the three above, that decide whether a neighbourhood is flat. */
const NEAR = [[0, 4], [0, 7], [4, 7], [9, 4]];
const MASKS = NEAR.map(([first, count]) => ((1 << count) - 1) << first);
const FAR = [[0], [1], [2], [3, 4], [5, 6, 7]];
const FACTORS = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1, 0xd3a2646d, 0xfd7046c5, 0xb55a4f09, 0x4cf5ad43];
const HASH_BITS = 20;
export const MOST = 250;

/** The last 32 pixels of each row, the newest as the lowest bit. */
export class Rows {
  /** @param {number} height */
  constructor(height) {
    this.words = new Uint32Array(height + ROWS);
  }

  /**
   * Return the flat context of a pixel, or -1 if its neighbourhood is not flat.
   * @param {number} row
   */
  flat(row) {
    const { words } = this;
    const at = row + ROWS;
    const first = words[at] & MASKS[0];
    if (first !== 0 && first !== MASKS[0]) return -1;
    const colour = first ? 1 : 0;
    const all = colour ? 0xffffffff : 0;
    for (let i = 1; i < NEAR.length; i++) if ((words[at - i] & MASKS[i]) !== (all & MASKS[i])) return -1;
    let context = colour << FAR.length;
    for (let group = 0; group < FAR.length; group++) {
      if (FAR[group].some((i) => words[at - i] !== all)) context |= 1 << group;
    }
    return context;
  }

  /**
   * Put the words of a pixel's neighbourhood into an array.
   * @param {number} row
   * @param {Uint32Array} near
   */
  near(row, near) {
    for (let i = 0; i < ROWS; i++) near[i] = this.words[row + ROWS - i] >>> Math.max(0, SLANT * i - 1 - REACH);
  }

  /**
   * Append the pixels of a line to their rows; rows that have ended get paper.
   * @param {number} first
   * @param {Uint8Array} pixels
   * @param {number} count
   */
  push(first, pixels, count) {
    const { words } = this;
    for (let at = first; at < first + ROWS; at++) words[at] <<= 1;
    for (let i = 0; i < count; i++) words[first + ROWS + i] = (words[first + ROWS + i] << 1) | pixels[i];
  }
}

/** How often each colour followed a context, for each of some templates. */
export class Counts {
  /** @param {import("../store.js").Numbers} templates (T, ROWS) */
  constructor({ data, shape }) {
    this.templates = shape[0];
    this.masks = Uint32Array.from(/** @type {any} */ (data), (value) => Number(value));
    this.paper = new Uint16Array(this.templates << HASH_BITS);
    this.ink = new Uint16Array(this.templates << HASH_BITS);
  }

  /**
   * Put the cells of a neighbourhood into an array, from a place on.
   * @param {Uint32Array} near
   * @param {Int32Array} cells
   * @param {number} place
   */
  cells(near, cells, place) {
    for (let t = 0, m = 0; t < this.templates; t++) {
      let hash = 0;
      for (let i = 0; i < ROWS; i++, m++) hash += Math.imul(near[i] & this.masks[m], FACTORS[i]);
      cells[place + t] = (t << HASH_BITS) + (hash >>> (32 - HASH_BITS));
    }
  }

  /**
   * Count pixels in their cells; those that have too many then are halved once.
   * @param {Int32Array} cells
   * @param {Uint8Array} pixels
   * @param {number} count
   */
  add(cells, pixels, count) {
    const { paper, ink, templates } = this;
    const end = count * templates;
    for (let i = 0; i < end; i++) (pixels[Math.floor(i / templates)] ? ink : paper)[cells[i]]++;
    /** @type {Set<number>} */
    const full = new Set();
    for (let i = 0; i < end; i++) if (paper[cells[i]] + ink[cells[i]] > MOST) full.add(cells[i]);
    for (const cell of full) {
      paper[cell] = (paper[cell] + 1) >> 1;
      ink[cell] = (ink[cell] + 1) >> 1;
    }
  }
}
