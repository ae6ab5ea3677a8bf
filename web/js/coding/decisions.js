/** Decisions of exact pixels and of latents: few of them are one exact number, many go through a range coder. */

import { VlzError } from "../errors.js";
import { Interval } from "./interval.js";
import { RangeDecoder } from "./range.js";

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
  const coder = words(data);
  return (one) => coder.decide(one);
}

/**
 * Return the coder of many decisions.
 * @param {Uint8Array} data
 */
export function words(data) {
  if (data.length % 4) throw new VlzError(`${data.length} bytes of coded bits are not whole words of 4: damaged`);
  return new RangeDecoder(data);
}
