/** Collections: whole files with names, one behind the other, read from record to record; their index is left aside. */

import { VlzError } from "../errors.js";
import { readNumber } from "./header.js";

const HEAD = [0xd6, 0x5a, 0x1f, 0, 0, 0];
const MAX_NAME = 1024;
const MAX_FILES = 1 << 20;

/**
 * @typedef {{ name: string, data: Uint8Array }} Entry
 */

/**
 * Return whether a file is a collection.
 * @param {Uint8Array} data
 */
export function isCollection(data) {
  return data.length > HEAD.length && HEAD.every((byte, i) => data[i] === byte);
}

/**
 * Return the files of a collection.
 * @param {Uint8Array} data
 */
export function entries(data) {
  /** @type {Entry[]} */
  const found = [];
  const text = new TextDecoder("utf-8");
  let place = 0;
  while (place < data.length) {
    if (!isCollection(data.subarray(place))) throw new VlzError("a part of the collection does not begin as it should: damaged");
    place += HEAD.length;
    for (;;) {
      const [length, afterLength] = readNumber(data, place);
      place = afterLength;
      if (!length) break;
      const [named, start] = readNumber(data, place);
      place = start + named + length;
      if (named > MAX_NAME || found.length === MAX_FILES || place > data.length) throw new VlzError("the collection is cut short or damaged");
      found.push({ name: text.decode(data.subarray(start, start + named)), data: data.subarray(start + named, place) });
    }
    if (place + 8 > data.length) throw new VlzError("the collection is cut short behind its files");
    const rest = new DataView(data.buffer, data.byteOffset + place, 8);
    place += 8 + rest.getUint32(0, true) + 2 ** 32 * rest.getUint32(4, true);
    if (place > data.length) throw new VlzError("the collection is cut short behind its files");
  }
  return found;
}
