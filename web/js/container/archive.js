/** The archive of many bilevel pictures: a header that finds each chunk, names, and chunks with a checksum each. */

import { VlzError } from "../errors.js";
import { fromHex, unpack } from "../store.js";
import { crc32 } from "./checksums.js";
import { parseHead, readNumber } from "./header.js";

const MAX_IMAGES = 1 << 26;
const MAX_NAME = 255;
const NAMED = 128;
const NAMES_NUMBER = 0xffffffff;

/**
 * @typedef {{ lossless: boolean, count: number, chunk: number, header: number, names: number, lengths: number[],
 *   starts: number[] }} Archive
 *   `header` and `names` are bytes, checksums included; `lengths` those of chunks without; `starts` where each begins
 */

/**
 * Return what the header says; its checksum is left unread.
 * @param {Uint8Array} data
 * @returns {Archive}
 */
export function parseArchive(data) {
  parseHead(data);
  const kind = data[6] & ~NAMED;
  let place = 7;
  const number = () => {
    const [value, next] = readNumber(data, place);
    place = next;
    return value;
  };
  const [count, chunk] = [number(), number()];
  const names = data[6] & NAMED ? number() : 0;
  if (kind > 1 || count < 1 || count > MAX_IMAGES || chunk < 1 || chunk > MAX_IMAGES) {
    throw new VlzError(`its header is damaged: ${count} pictures, ${chunk} a chunk, of kind ${kind}`);
  }
  const lengths = [];
  for (let i = 0; i < Math.ceil(count / chunk); i++) lengths.push(number());
  const header = place + 4;
  if (header > data.length) throw new VlzError("cut short in its header; fetch it again");
  const starts = [];
  let at = header + names;
  for (const length of lengths) {
    starts.push(at);
    at += length + 4;
  }
  if (data.length > at) throw new VlzError(`${data.length} bytes, and the archive has ${at}: something was put behind it`);
  return { lossless: kind === 1, count, chunk, header, names, lengths, starts };
}

/**
 * Return whether the header's checksum is right under a fingerprint.
 * @param {Uint8Array} data
 * @param {Archive} archive
 * @param {string} fingerprint
 */
export function headerIsWhole(data, { header }, fingerprint) {
  const found = new DataView(data.buffer, data.byteOffset + header - 4, 4).getUint32(0, true);
  return crc32(fromHex(fingerprint), data.subarray(0, header - 4)) === found;
}

/**
 * Return a chunk's bytes, verified.
 * @param {Uint8Array} data
 * @param {Archive} archive
 * @param {number} number
 */
export function readChunk(data, { starts, lengths }, number) {
  return unsealed(data, starts[number], lengths[number], number, `chunk ${number} of ${lengths.length}`);
}

/**
 * Return the pictures' names, if the archive has any.
 * @param {Uint8Array} data
 * @param {Archive} archive
 */
export async function readNames(data, { names, header, count }) {
  if (!names) return undefined;
  const packed = unsealed(data, header, names - 4, NAMES_NUMBER, "the section of names");
  let found;
  try {
    const text = await unpack(packed, "deflate", Math.min(MAX_IMAGES, (4 * MAX_NAME + 1) * count));
    found = new TextDecoder("utf-8", { fatal: true }).decode(text).split("\0");
  } catch (error) {
    throw new VlzError(`the section of names is damaged (${/** @type {Error} */ (error).message})`);
  }
  if (found.length !== count || new Set(found).size !== count) throw new VlzError(`its names do not fit ${count} pictures`);
  return found;
}

/**
 * @param {Uint8Array} data
 * @param {number} start
 * @param {number} length
 * @param {number} number
 * @param {string} title
 */
function unsealed(data, start, length, number, title) {
  if (length < 0 || data.length < start + length + 4) throw new VlzError(`${title} is cut short`);
  const part = data.subarray(start, start + length);
  const before = new Uint8Array(4);
  new DataView(before.buffer).setUint32(0, number, true);
  const found = new DataView(data.buffer, data.byteOffset + start + length, 4).getUint32(0, true);
  if (crc32(before, part) !== found) throw new VlzError(`${title} is damaged: its checksum is wrong`);
  return part;
}
