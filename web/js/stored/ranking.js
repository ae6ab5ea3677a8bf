/** Pixels of a picture in few colours: is it a candidate's colour, the next one's, or which of all? */

import { ABOVE, BESIDE, CELLS, CONTEXTS, Contexts, LOOKED_UP, SLANT } from "./contexts.js";
import { Mixer } from "./mixer.js";

/** Candidates: those that are looked up, then the pixel to the left and the one above. */
const CANDIDATES = LOOKED_UP + 2;
/** Classes of trust. */
const CLASSES = 8;
/** Weights at first: of cells, and of the bias. */
const WEIGHTS = [...Array(CONTEXTS).fill(18000), 0];
const MOST_RUN = 255;
const RUN_PLACE = 8;
export const MOST_COLOURS = 1 << RUN_PLACE;
/** Class of trust by how often in a row a candidate was right; 0 if there is none. */
const TRUST = Uint8Array.from({ length: MOST_RUN + 1 }, (_, run) => Math.min(run, 3) + [4, 8, 16, 64].filter((least) => run >= least).length);

export class Ranking {
  /**
   * @param {number} height
   * @param {number} width
   * @param {number} colours how many
   * @param {import("../store.js").Numbers} logistic the format's table
   */
  constructor(height, width, colours, logistic) {
    this.height = height;
    this.width = width;
    this.stride = width + BESIDE;
    this.bits = 32 - Math.clz32(colours - 1);
    this.places = new Uint16Array((ABOVE + height) * this.stride);
    const most = Math.min(height, Math.ceil(width / SLANT));
    this.contexts = new Contexts(this.places, this.stride, most);
    this.mixer = new Mixer(CANDIDATES + this.bits, CLASSES, WEIGHTS, most, logistic);
    /** The last colour of each cell, and above 8 bits its run. */
    this.known = new Uint32Array(LOOKED_UP * CELLS);
    this.cells = new Int32Array(most * LOOKED_UP);
    this.looked = new Uint32Array(most * LOOKED_UP);
    this.candidates = new Uint16Array(most * CANDIDATES);
    this.trust = new Uint8Array(most * CANDIDATES).fill(1);
    this.left = new Int32Array(most);
    this.nodes = new Int32Array(most);
    this.asked = new Uint8Array(most);
  }

  /**
   * Return the numbers of the colours, row by row.
   * @param {import("../coding/range.js").RangeDecoder} coder
   * @param {((part: number) => void) | undefined} progress
   */
  decode(coder, progress) {
    const { height, width, stride, places } = this;
    const steps = width + SLANT * (height - 1);
    for (let time = 0; time < steps; time++) {
      const first = Math.max(0, Math.ceil((time - width + 1) / SLANT));
      const end = Math.min(height - 1, Math.floor(time / SLANT)) + 1;
      if (end > first) this.line((ABOVE + first) * stride + time - SLANT * first, end - first, coder);
      if (time % 64 === 0) progress?.(time / steps);
    }
    const numbers = new Uint16Array(height * width);
    for (let row = 0; row < height; row++) {
      const start = (ABOVE + row) * stride;
      numbers.set(places.subarray(start, start + width), row * width);
    }
    return numbers;
  }

  /**
   * Decode a line of the wavefront.
   * @param {number} at place of its first pixel
   * @param {number} count of pixels
   * @param {import("../coding/range.js").RangeDecoder} coder
   */
  line(at, count, coder) {
    const { contexts, cells, looked, known, candidates, trust, left } = this;
    for (let slot = 0, place = at; slot < count; slot++, place += this.stride - SLANT) {
      contexts.read(place, slot);
      for (let k = 0; k < LOOKED_UP; k++) {
        const cell = contexts.lookedUp(slot, k);
        cells[slot * LOOKED_UP + k] = cell;
        const value = (looked[slot * LOOKED_UP + k] = known[cell]);
        candidates[slot * CANDIDATES + k] = value & (MOST_COLOURS - 1);
        trust[slot * CANDIDATES + k] = TRUST[value >> RUN_PLACE];
        candidates[slot * CANDIDATES + LOOKED_UP + k] = contexts.neighbour(slot, k);
      }
      left[slot] = slot;
    }
    let rest = count;
    for (let number = 0; number < CANDIDATES && rest; number++) rest = this.ask(number, rest, at, coder);
    if (rest) this.read(rest, at, coder);
    this.remember(at, count);
  }

  /**
   * Decide of the pixels that are left whether they have a candidate's colour, and return how many do not.
   * @param {number} number of the candidate
   * @param {number} rest how many are left
   * @param {number} at place of the line's first pixel
   * @param {import("../coding/range.js").RangeDecoder} coder
   */
  ask(number, rest, at, coder) {
    const { contexts, mixer, candidates, trust, left, asked, places } = this;
    const down = this.stride - SLANT;
    let [count, kept] = [0, 0];
    for (let i = 0; i < rest; i++) {
      const own = left[i] * CANDIDATES + number;
      const kind = trust[own];
      asked[i] = kind && this.isNew(own, number) ? 1 : 0;
      if (!asked[i]) continue;
      contexts.candidate(left[i], candidates[own], number, kind, mixer.at, count * CONTEXTS);
      mixer.kinds[count++] = kind;
    }
    mixer.decide(number, count, coder);
    for (let i = 0, place = 0; i < rest; i++) {
      const slot = left[i];
      if (asked[i] && mixer.bits[place++]) places[at + slot * down] = candidates[slot * CANDIDATES + number];
      else left[kept++] = slot;
    }
    return kept;
  }

  /**
   * Return whether a candidate is none of those before it.
   * @param {number} own place of it
   * @param {number} number of it
   */
  isNew(own, number) {
    const { candidates, trust } = this;
    for (let i = own - number; i < own; i++) if (trust[i] && candidates[i] === candidates[own]) return false;
    return true;
  }

  /**
   * Read the numbers of the pixels that have no candidate's colour, bit by bit from the highest on.
   * @param {number} rest how many are left
   * @param {number} at place of the line's first pixel
   * @param {import("../coding/range.js").RangeDecoder} coder
   */
  read(rest, at, coder) {
    const { contexts, mixer, nodes, left } = this;
    nodes.fill(1, 0, rest);
    mixer.kinds.fill(0, 0, rest);
    for (let level = 0; level < this.bits; level++) {
      for (let i = 0; i < rest; i++) contexts.node(left[i], nodes[i], mixer.at, i * CONTEXTS);
      mixer.decide(CANDIDATES + level, rest, coder);
      for (let i = 0; i < rest; i++) nodes[i] = 2 * nodes[i] + mixer.bits[i];
    }
    const down = this.stride - SLANT;
    for (let i = 0; i < rest; i++) this.places[at + left[i] * down] = nodes[i] - (1 << this.bits);
  }

  /**
   * Store the colours of a line as candidates.
   * @param {number} at place of its first pixel
   * @param {number} count of pixels
   */
  remember(at, count) {
    const { cells, looked, known, places } = this;
    const down = this.stride - SLANT;
    for (let i = 0; i < count * LOOKED_UP; i++) {
      const colour = places[at + Math.floor(i / LOOKED_UP) * down];
      const run = looked[i] >> RUN_PLACE;
      const right = run && (looked[i] & (MOST_COLOURS - 1)) === colour;
      known[cells[i]] = ((right ? Math.min(MOST_RUN, run + 1) : 1) << RUN_PLACE) | colour;
    }
  }
}
