/** Decisions of the windowed family: few of them are one exact number, many go through a range coder. */

import { VlzError } from "../errors.js";
import { Interval } from "./interval.js";
import { RangeDecoder } from "./range.js";

const ONE = 1 << 24;
const HALF = 1 << 23;
const FEW = 4096;

/**
 * Return what gives the next decision from the probability of a 1, in units of 2^-24.
 * @param {Uint8Array} data
 * @param {number} count of decisions
 * @returns {(one: number) => number}
 */
export function decisions(data, count) {
  if (count <= FEW) {
    const interval = new Interval(data, count);
    return (one) => interval.pop(one);
  }
  if (data.length % 4) throw new VlzError(`${data.length} bytes of coded bits are not whole words of 4: damaged`);
  const coder = new RangeDecoder(data);
  const cuts = [0, 0, ONE];
  return (one) => {
    cuts[1] = ONE - one - (one < HALF ? 1 : 0);
    return coder.pop(cuts);
  };
}
