/** Files of the photo family: what they hold, and their picture. */

import { match } from "../bilevel/decode.js";
import { SymbolReader, readScales } from "../coding/symbols.js";
import { cutShort, layout, parseHead, readNumber, readSize } from "../container/header.js";
import { VlzError } from "../errors.js";
import { readWebp } from "../webp/decode.js";
import { PhotoModel } from "./model.js";
import { restore } from "./restoration.js";

const [GREY, ALPHA, FILTER] = [1, 2, 4];
const FILTER_SIZE = 18;

/**
 * @typedef {import("../picture.js").Opened} Opened
 * @typedef {import("../picture.js").Picture} Picture
 * @typedef {{ prefix: Uint8Array, level: number, grey: boolean, height: number, width: number, payload: Uint8Array,
 *   filter?: Int8Array, alpha?: Uint8Array }} PhotoFile
 */

/** @type {WeakMap<import("../store.js").Model, PhotoModel>} */
const ready = new WeakMap();

/**
 * Return the parts of a file whose model is not known yet.
 * @param {Uint8Array} data
 * @returns {PhotoFile}
 */
export function parsePhoto(data) {
  const { prefix } = parseHead(data);
  const [level, flags] = [data[6], data[7]];
  if (flags & ~(GREY | ALPHA | FILTER)) throw new VlzError(`flags ${flags} are unknown: damaged, or made by a newer program`);
  const [height, width, afterSize] = readSize(data, 8);
  const [size, afterNumbers] = flags & ALPHA ? readNumber(data, afterSize) : [0, afterSize];
  const place = afterNumbers + (flags & FILTER ? FILTER_SIZE : 0);
  const end = data.length - 2;
  if (end - size < place) throw cutShort(data);
  const alpha = flags & ALPHA ? data.subarray(end - size, end) : undefined;
  const filter = flags & FILTER ? Int8Array.from(data.subarray(afterNumbers, place)) : undefined;
  const payload = data.subarray(place, end - size);
  return { prefix, level, grey: !!(flags & GREY), height, width, payload, filter, alpha };
}

/**
 * Open a file of the photo family.
 * @param {Uint8Array} data
 * @param {import("../store.js").Store} store
 * @returns {Promise<Opened>}
 */
export async function openPhoto(data, store) {
  const file = parsePhoto(data);
  const fingerprint = await match(data, file.prefix, store);
  const { height, width, payload, filter, alpha } = file;
  const [rows, columns] = grid(height, width);
  if (payload.length < Math.ceil((rows * columns - 2048) / 64)) {
    throw new VlzError(`${payload.length} bytes of payload are too few for ${width} x ${height}: damaged`);
  }
  const around = data.length - payload.length - (filter?.length ?? 0) - (alpha?.length ?? 0) - 2;
  const lengths = /** @type {[string, number][]} */ ([["header", around]]);
  if (filter) lengths.push(["filter", filter.length]);
  lengths.push(["payload", payload.length]);
  if (alpha) lengths.push(["alpha", alpha.length]);
  return {
    kind: `${file.grey ? "grey" : "colour"} picture, level ${file.level} of 255${alpha ? ", with transparency" : ""}`,
    model: (await store.list()).models[fingerprint].name, fingerprint, height, width, count: 1, drawn: false, exact: false,
    whole: true,
    sections: layout([...lengths, ["checksum", 2]]),
    draw: async ({ progress }) => {
      const loaded = await store.model(fingerprint);
      if (loaded.info.family !== "photo") throw new VlzError("its model is not of the photo family: damaged");
      const model = ready.get(loaded) ?? new PhotoModel(loaded);
      ready.set(loaded, model);
      const reader = new SymbolReader(payload, readScales(await store.table("scales")));
      const values = model.values(reader, rows, columns, file.level, (part) => progress?.(0.4 * part));
      const levels = model.picture(values, file.level, height, width, (part) => progress?.(0.4 + 0.6 * part));
      if (filter) restore(levels, filter, height, width);
      return [finished(levels, file)];
    },
  };
}

/**
 * Return rows and columns of the grid of latents.
 * @param {number} height
 * @param {number} width
 */
export function grid(height, width) {
  return [4 * Math.ceil(height / 64), 4 * Math.ceil(width / 64)];
}

/**
 * Return the picture that red, green and blue make, with its alpha plane.
 * @param {Uint8Array} levels
 * @param {PhotoFile} file
 * @returns {Picture}
 */
function finished(levels, { height, width, grey, alpha }) {
  const plane = alpha && readWebp(alpha, height, width);
  const channels = (grey ? 1 : 3) + (plane ? 1 : 0);
  if (channels === 3) return { height, width, channels, data: levels };
  const data = new Uint8Array(height * width * channels);
  for (let i = 0, from = 0, to = 0; i < height * width; i++, from += 3) {
    if (grey) data[to++] = Math.floor((levels[from] + levels[from + 1] + levels[from + 2]) / 3);
    else for (let c = 0; c < 3; c++) data[to++] = levels[from + c];
    if (plane) data[to++] = (plane[i] >>> 8) & 255; // the green channel
  }
  return { height, width, channels, data };
}
