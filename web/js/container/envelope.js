/** Metadata in front of a file of one picture: what they are is told, what they say is left aside. */

import { VlzError } from "../errors.js";
import { unpack } from "../store.js";
import { ARCHIVE, ENVELOPE, check, cutShort, parseHead, readNumber } from "./header.js";

const KINDS = ["ICC profile", "EXIF", "XMP", "resolution", "texts"];
const MOST = 1 << 20;
const NO_MODEL = new Uint8Array(32);

/**
 * Return whether a file has metadata in front.
 * @param {Uint8Array} data
 */
export function isWrapped(data) {
  return data[0] === 0xd6 && data[1] === 0x5a && data[2] === 0x10 + ENVELOPE;
}

/**
 * Return a file without what is in front of it, the bytes of that, and which kinds it has.
 * @param {Uint8Array} data
 */
export async function unwrap(data) {
  const [length, start] = readNumber(data, 3);
  const end = start + length + 2;
  if (end > data.length) throw cutShort(data);
  check(data.subarray(0, end), NO_MODEL);
  const inner = data.subarray(end);
  if (parseHead(inner).mode === ARCHIVE) throw new VlzError("metadata in front of an archive: damaged");
  let entries;
  try {
    entries = await unpack(data.subarray(start, end - 2), "deflate", MOST);
  } catch (error) {
    throw new VlzError(`its metadata cannot be unpacked (${/** @type {Error} */ (error).message}): damaged`);
  }
  /** @type {string[]} */
  const kinds = [];
  for (let place = 0; place < entries.length; ) {
    const kind = KINDS[entries[place] - 1];
    const [size, from] = readNumber(entries, place + 1);
    place = from + size;
    if (!kind || kinds.includes(kind) || place > entries.length) throw new VlzError("its metadata are malformed: damaged");
    kinds.push(kind);
  }
  return { inner, bytes: end, kinds };
}
