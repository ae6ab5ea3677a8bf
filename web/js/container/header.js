/** What any .vlz file says of itself: its mode, the beginning of its model's fingerprint, and where its parts are. */

import { VlzError } from "../errors.js";
import { crc16 } from "./checksums.js";

export const LOSSLESS = 5;
export const ARCHIVE = 6;
export const WINDOWED = 7;
export const WINDOWED_LOSSLESS = 8;
export const PHOTO = 9;
export const STORED = 10;
export const ENVELOPE = 11;
export const PAGE = 12;

const LEAST = 9;
const MAX_PAYLOAD = 64;
const MAX_LOSSLESS = 1 << 20;
const MAX_FILE = 1 << 30;
const MAX_PICTURE = 1 << 26;
const MAX_SIDE = 65536;

/**
 * @typedef {{ name: string, offset: number, bytes: number }} Section
 * @typedef {{ mode: number, payload: Uint8Array, residual?: Uint8Array }} Single
 */

/**
 * Return mode and beginning of the fingerprint of a file.
 * @param {Uint8Array} data
 */
export function parseHead(data) {
  if (!data.length) throw new VlzError("the file is empty, not a .vlz file");
  if (data[0] !== 0xd6 || (data.length > 1 && data[1] !== 0x5a)) throw new VlzError("not a .vlz file");
  if (data.length < LEAST) throw cutShort(data);
  const [version, mode] = [data[2] >> 4, data[2] & 15];
  if (version !== 1) throw new VlzError(`format version ${version}, and this page reads version 1: damaged, or newer`);
  if (mode > PAGE || mode === ENVELOPE) throw new VlzError(`unknown mode ${mode}, and this page reads 0 to ${PAGE}: damaged, or newer`);
  if (data.length > MAX_FILE) throw new VlzError(`too long: ${data.length} bytes`);
  return { mode, prefix: data.subarray(3, 6) };
}

/** @param {Uint8Array} data */
export function cutShort(data) {
  return new VlzError(`cut short: ${data.length} bytes; fetch it again`);
}

/**
 * Return the parts of a file of one bilevel picture.
 * @param {Uint8Array} data
 * @returns {Single}
 */
export function parseSingle(data) {
  const { mode } = parseHead(data);
  if (mode === LOSSLESS) {
    const size = (data[6] >> 5) + 1;
    if (data.length <= 6 + size) throw cutShort(data);
    if (data.length > MAX_LOSSLESS) throw new VlzError(`too long: ${data.length} bytes for a lossless file of one picture`);
    const coded = data.subarray(6, Math.max(7 + size, data.length - 2));
    const bits = coded.map((byte, place) => (byte << 3) | ((coded[place + 1] ?? 0) >> 5));
    return { mode: 0, payload: bits.subarray(0, size), residual: bits.subarray(size) };
  }
  if (data.length > 8 + MAX_PAYLOAD) throw new VlzError(`too long: ${data.length} bytes for a file of one picture`);
  return { mode, payload: data.subarray(6, -2) };
}

/**
 * Refuse bytes whose last two are not the checksum of the rest under a fingerprint.
 * @param {Uint8Array} data
 * @param {Uint8Array} fingerprint
 */
export function check(data, fingerprint) {
  if (!sealed(data, fingerprint)) throw new VlzError("damaged: its checksum is wrong; fetch the file again");
}

/**
 * Return whether the last two bytes are the checksum of the rest under a fingerprint.
 * @param {Uint8Array} data
 * @param {Uint8Array} fingerprint
 */
export function sealed(data, fingerprint) {
  const end = data.length - 2;
  return end >= 0 && crc16(fingerprint, data.subarray(0, end)) === (data[end] | (data[end + 1] << 8));
}

/**
 * Return a variable-length number, and where it ends.
 * @param {Uint8Array} data
 * @param {number} place
 * @returns {[number, number]}
 */
export function readNumber(data, place) {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    if (place + index >= data.length) throw cutShort(data);
    const byte = data[place + index];
    value += (byte & 127) * 2 ** (7 * index);
    if (byte < 128) return [value, place + index + 1];
  }
  throw new VlzError("a number in its header does not end: damaged");
}

/**
 * Refuse a picture of too many pixels before memory for it is taken.
 * @param {number} height
 * @param {number} width
 */
function checkPixels(height, width) {
  if (height * width > MAX_PICTURE) {
    throw new VlzError(`it announces ${width} x ${height} pixels, more than the ${MAX_PICTURE} that the page draws`);
  }
}

/**
 * Return height and width from a file's header, and where they end.
 * @param {Uint8Array} data
 * @param {number} place
 * @returns {[number, number, number]}
 */
export function readSize(data, place) {
  const [height, afterHeight] = readNumber(data, place);
  const [width, end] = readNumber(data, afterHeight);
  if (Math.min(height, width) < 1 || Math.max(height, width) > MAX_SIDE) {
    throw new VlzError(`it announces ${width} x ${height} pixels, and a side has 1 to ${MAX_SIDE}: damaged`);
  }
  checkPixels(height, width);
  return [height, width, end];
}

/**
 * Return name, offset and length of parts that lie one behind the other.
 * @param {[string, number][]} lengths
 * @returns {Section[]}
 */
export function layout(lengths) {
  let offset = 0;
  return lengths.map(([name, bytes]) => {
    offset += bytes;
    return { name, offset: offset - bytes, bytes };
  });
}
