/** Lossless WebP images: the form that planes of transparency have. */

import { VlzError } from "../errors.js";
import { Bits, PrefixCode } from "./bits.js";
import { byIndex, crossed, greenAdded, predicted, sum } from "./transforms.js";

const [PREDICTOR, CROSS, GREEN, INDEX] = [0, 1, 2, 3];
const LITERALS = 256;
const LENGTHS = 24;
const DISTANCES = 40;
const NEAR = 120;
const HASH = 0x1e35a7bd;

/** Offsets of near pixels, nearest first, those to the right of the left ones. */
const OFFSETS = Array.from({ length: 8 * 16 }, (_, i) => ({ x: (i % 16) - 7, y: i >> 4 }))
  .filter(({ x, y }) => y > 0 || x > 0)
  .sort((a, b) => a.x * a.x + a.y * a.y - b.x * b.x - b.y * b.y || Math.abs(a.x) - Math.abs(b.x) || b.x - a.x);

/**
 * Return the pixels of an image: alpha, red, green and blue in 32 bits each.
 * @param {Uint8Array} data
 * @param {number} height that it should have
 * @param {number} width
 */
export function readWebp(data, height, width) {
  const text = (/** @type {number} */ at) => String.fromCharCode(...data.subarray(at, at + 4));
  if (text(0) !== "RIFF" || text(8) !== "WEBP" || text(12) !== "VP8L" || data[20] !== 0x2f) {
    throw new VlzError("a part of it should be a lossless WebP image and is none: damaged");
  }
  const size = new DataView(data.buffer, data.byteOffset + 16, 4).getUint32(0, true);
  const bits = new Bits(data.subarray(21, Math.min(data.length, 20 + size)));
  const [wide, high] = [bits.read(14) + 1, bits.read(14) + 1];
  if (high !== height || wide !== width) throw new VlzError("its WebP image has another size: damaged");
  const opaque = !bits.read(1);
  if (bits.read(3)) throw new VlzError("its WebP image is of an unknown version");
  const pixels = transformed(bits, height, width);
  return opaque ? pixels.map((argb) => argb | 0xff000000) : pixels;
}

/**
 * Return the pixels behind the transforms.
 * @param {Bits} bits
 * @param {number} height
 * @param {number} width
 */
function transformed(bits, height, width) {
  /** @type {((pixels: Uint32Array) => Uint32Array)[]} */
  const undo = [];
  const seen = new Set();
  let coded = width;
  while (bits.read(1)) {
    const kind = bits.read(2);
    if (seen.has(kind)) throw new VlzError("its WebP image has a transform twice: damaged");
    seen.add(kind);
    const across = coded;
    if (kind === PREDICTOR || kind === CROSS) {
      const shift = bits.read(3) + 2;
      const blocks = image(bits, parts(height, shift), parts(across, shift));
      undo.push((pixels) => (kind === PREDICTOR ? predicted : crossed)(pixels, across, blocks, shift));
    } else if (kind === GREEN) undo.push(greenAdded);
    else if (kind === INDEX) {
      const count = bits.read(8) + 1;
      const table = image(bits, 1, count);
      for (let i = 1; i < count; i++) table[i] = sum(table[i], table[i - 1]);
      const shift = count <= 2 ? 3 : count <= 4 ? 2 : count <= 16 ? 1 : 0;
      coded = parts(across, shift);
      const narrow = coded;
      undo.push((pixels) => byIndex(pixels, narrow, table, shift, across));
    }
  }
  let pixels = /** @type {Uint32Array} */ (image(bits, height, coded, true));
  for (const step of undo.reverse()) pixels = step(pixels);
  return pixels;
}

/**
 * Return the pixels of an image, without transforms.
 * @param {Bits} bits
 * @param {number} height
 * @param {number} width
 * @param {boolean} [main] whether it may have several groups of codes
 */
function image(bits, height, width, main = false) {
  const cacheBits = bits.read(1) ? bits.read(4) : 0;
  if (cacheBits > 11) throw new VlzError("its WebP image has too large a cache: damaged");
  const cache = new Uint32Array(cacheBits ? 2 ** cacheBits : 0);
  let shift = 0;
  /** @type {Uint32Array | undefined} */
  let choice;
  if (main && bits.read(1)) {
    shift = bits.read(3) + 2;
    choice = image(bits, parts(height, shift), parts(width, shift)).map((argb) => (argb >>> 8) & 0xffff);
  }
  const count = choice ? choice.reduce((a, b) => Math.max(a, b), 0) + 1 : 1;
  const sizes = [LITERALS + LENGTHS + cache.length, LITERALS, LITERALS, LITERALS, DISTANCES];
  const groups = Array.from({ length: count }, () => sizes.map((size) => PrefixCode.read(bits, size)));
  const pixels = new Uint32Array(height * width);
  const across = parts(width, shift);
  const keep = (/** @type {number} */ argb) => {
    if (cacheBits) cache[Math.imul(argb, HASH) >>> (32 - cacheBits)] = argb;
  };
  for (let at = 0; at < pixels.length; ) {
    const block = choice ? choice[(Math.floor(at / width) >> shift) * across + ((at % width) >> shift)] : 0;
    const [green, red, blue, alpha, distance] = groups[block];
    const symbol = green.next(bits);
    if (symbol < LITERALS) {
      const [r, b, a] = [red.next(bits), blue.next(bits), alpha.next(bits)];
      pixels[at] = (a << 24) | (r << 16) | (symbol << 8) | b;
      keep(pixels[at++]);
    } else if (symbol < LITERALS + LENGTHS) {
      const length = extended(bits, symbol - LITERALS);
      const back = near(extended(bits, distance.next(bits)), width);
      if (back > at || at + length > pixels.length) throw new VlzError("its WebP image repeats what is not there: damaged");
      for (const end = at + length; at < end; at++) {
        pixels[at] = pixels[at - back];
        keep(pixels[at]);
      }
    } else {
      pixels[at] = cache[symbol - LITERALS - LENGTHS];
      keep(pixels[at++]);
    }
  }
  return pixels;
}

/** @param {number} size @param {number} shift */
function parts(size, shift) {
  return (size + 2 ** shift - 1) >> shift;
}

/**
 * Return the number that a symbol begins.
 * @param {Bits} bits
 * @param {number} symbol
 */
function extended(bits, symbol) {
  if (symbol < 4) return symbol + 1;
  const extra = (symbol - 2) >> 1;
  return (2 + (symbol & 1)) * 2 ** extra + bits.read(extra) + 1;
}

/**
 * Return how many pixels back a distance is.
 * @param {number} code
 * @param {number} width
 */
function near(code, width) {
  if (code > NEAR) return code - NEAR;
  const { x, y } = OFFSETS[code - 1];
  return Math.max(1, x + y * width);
}
