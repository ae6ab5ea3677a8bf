/** Exact pictures without a model: tiles of lossless WebP images, a palette and pixels, or predicted samples. */

import { check, layout, parseHead, readNumber, readSize } from "../container/header.js";
import { VlzError } from "../errors.js";
import { readWebp } from "../webp/decode.js";
import { readPalette } from "./palette.js";
import { readPredicted } from "./predicted.js";

const [GREY, ALPHA, DEEP, PALETTE, PREDICTED] = [1, 2, 4, 8, 16];
/** Flags of which a file has one at most. */
const CODINGS = DEEP | PALETTE | PREDICTED;
const TILE = 4096;
const NO_MODEL = new Uint8Array(32);

/**
 * @typedef {import("../picture.js").Opened} Opened
 * @typedef {import("../picture.js").Options} Options
 * @typedef {import("../picture.js").Picture} Picture
 */

/**
 * Open a file without a model.
 * @param {Uint8Array} data
 * @param {import("../store.js").Store} store
 * @returns {Opened}
 */
export function openStored(data, store) {
  const { prefix } = parseHead(data);
  const flags = data[6];
  if (prefix.some((byte) => byte)) throw new VlzError("it names a model where there should be none: damaged");
  if (flags & ~(GREY | ALPHA | CODINGS)) throw new VlzError(`flags ${flags} are unknown: damaged, or made by a newer program`);
  const coding = flags & CODINGS;
  if (coding & (coding - 1)) throw new VlzError(`flags ${flags} exclude one another: damaged`);
  const [height, width, start] = readSize(data, 7);
  check(data, NO_MODEL);
  const body = data.subarray(start, data.length - 2);
  const channels = (flags & GREY ? 1 : 3) + (flags & ALPHA ? 1 : 0);
  const read = coding === PALETTE ? readPalette : coding === PREDICTED ? readPredicted : undefined;
  const way = coding === PALETTE ? "by a palette" : read ? "by prediction" : "by a general coder";
  return {
    kind: `exact ${flags & GREY ? "grey" : "colour"} picture${flags & DEEP ? " of 16 bits" : ""}${flags & ALPHA ? ", with transparency" : ""}, ${way}`,
    model: "", fingerprint: "", height, width, count: 1, drawn: false, exact: true, whole: true,
    sections: layout([["header", start], [read ? "pixels" : "tiles", body.length], ["checksum", 2]]),
    draw: async ({ progress }) => {
      if (!read) return [picture(body, height, width, flags, progress)];
      const logistic = /** @type {import("../store.js").Numbers} */ ((await store.table("tables")).arrays.get("logistic"));
      return [{ height, width, channels, data: read(body, height, width, channels, logistic, progress) }];
    },
  };
}

/**
 * Return the picture of some tiles.
 * @param {Uint8Array} tiles
 * @param {number} height
 * @param {number} width
 * @param {number} flags
 * @param {Options["progress"]} progress
 * @returns {Picture}
 */
function picture(tiles, height, width, flags, progress) {
  // Where the channels of a pixel lie in 32 bits.
  const shifts = [...(flags & GREY ? [16] : [16, 8, 0]), ...(flags & ALPHA ? [24] : [])];
  const passes = flags & DEEP ? 2 : 1;
  let place = 0;
  const planes = Array.from({ length: passes }, (_, pass) => {
    const [data, end] = plane(tiles, place, height, width, shifts, (part) => progress?.((pass + part) / passes));
    place = end;
    return data;
  });
  if (place !== tiles.length) throw new VlzError("there is something behind its tiles: damaged");
  return { height, width, channels: shifts.length, data: planes[0], ...(flags & DEEP ? { low: planes[1] } : {}) };
}

/**
 * Return the levels of the tiles that begin at a place, and where they end.
 * @param {Uint8Array} tiles
 * @param {number} place
 * @param {number} height
 * @param {number} width
 * @param {number[]} shifts of the channels
 * @param {(part: number) => void} progress
 * @returns {[Uint8Array, number]}
 */
function plane(tiles, place, height, width, shifts, progress) {
  const channels = shifts.length;
  const data = new Uint8Array(height * width * channels);
  for (let top = 0; top < height; top += TILE) {
    const rows = Math.min(TILE, height - top);
    for (let left = 0; left < width; left += TILE) {
      const columns = Math.min(TILE, width - left);
      const [length, start] = readNumber(tiles, place);
      place = start + length;
      if (place > tiles.length) throw new VlzError("one of its tiles is cut short: damaged");
      const pixels = readWebp(tiles.subarray(start, place), rows, columns);
      for (let row = 0, from = 0; row < rows; row++) {
        let to = ((top + row) * width + left) * channels;
        for (const end = from + columns; from < end; from++) for (const shift of shifts) data[to++] = (pixels[from] >>> shift) & 255;
      }
    }
    progress(Math.min(1, (top + TILE) / height));
  }
  return [data, place];
}
