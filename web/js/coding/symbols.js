/** Rounded latents in a range coder: a batch is coded scale by scale, its escapes behind it. */

import { VlzError } from "../errors.js";
import { RangeDecoder } from "./range.js";

const SCALES = 64;
const MOST = 4095;
const LONGEST = 12;
const COIN = [0, 1 << 23, 1 << 24];

/**
 * Return the sums of the frequencies of each scale.
 * @param {import("../store.js").Model} tables `scales`
 */
export function readScales({ arrays }) {
  const [frequencies, lengths] = ["frequencies", "lengths"].map(
    (name) => /** @type {Int32Array} */ (/** @type {any} */ (arrays.get(name)).data),
  );
  let at = 0;
  return Array.from(lengths, (length) => {
    const sums = new Int32Array(length + 1);
    for (let i = 0; i < length; i++) sums[i + 1] = sums[i] + frequencies[at++];
    return sums;
  });
}

export class SymbolReader {
  /**
   * @param {Uint8Array} data
   * @param {Int32Array[]} scales
   */
  constructor(data, scales) {
    this.coder = new RangeDecoder(data);
    this.scales = scales;
  }

  /**
   * Return the next batch of symbols.
   * @param {Uint8Array} scales of each of them
   */
  pop(scales) {
    const found = new Int32Array(scales.length);
    const order = sorted(scales);
    /** @type {number[]} */
    const escaped = [];
    for (const place of order) {
      const sums = this.scales[scales[place]];
      const limit = (sums.length - 3) >> 1;
      const code = this.coder.pop(sums);
      found[place] = code - limit;
      if (code > 2 * limit) escaped.push(place);
    }
    for (const place of escaped) found[place] = this.escape((this.scales[scales[place]].length - 3) >> 1);
    return found;
  }

  /** @param {number} limit */
  escape(limit) {
    const negative = this.coder.pop(COIN);
    let [length, excess] = [1, 1];
    while (this.coder.pop(COIN)) {
      if (++length > LONGEST) throw new VlzError("an escape in its coded bits does not end: damaged");
    }
    for (let bit = 1; bit < length; bit++) excess = 2 * excess + this.coder.pop(COIN);
    if (limit + excess > MOST) throw new VlzError("a symbol in its coded bits is out of range: damaged");
    return negative ? -limit - excess : limit + excess;
  }
}

/**
 * Return the order in which scales rise and, of equal ones, places.
 * @param {Uint8Array} scales
 */
function sorted(scales) {
  const starts = new Int32Array(SCALES + 1);
  for (const scale of scales) starts[scale + 1]++;
  for (let scale = 0; scale < SCALES; scale++) starts[scale + 1] += starts[scale];
  const order = new Int32Array(scales.length);
  scales.forEach((scale, place) => (order[starts[scale]++] = place));
  return order;
}
