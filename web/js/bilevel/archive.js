/** Archives of bilevel pictures: what they hold, and some of their pictures. */

import { parseArchive, headerIsWhole, readChunk, readNames } from "../container/archive.js";
import { layout, parseHead } from "../container/header.js";
import { VlzError } from "../errors.js";
import { layersOf } from "../exact/layers.js";
import { seedWords } from "../exact/philox.js";
import { decodeChunk } from "./bits_back.js";
import { asPicture, loadTables } from "./decode.js";
import { latents } from "./latents.js";
import { PixelNet, features } from "./pixels.js";

/** Kinds from here on are tree-search codes of 1 ... 64 bits. */
const PARTIAL = 160;
const KINDS_END = 224;

/**
 * @typedef {import("../picture.js").Opened} Opened
 * @typedef {import("../picture.js").Options} Options
 * @typedef {import("../picture.js").Picture} Picture
 * @typedef {import("../container/archive.js").Archive} Archive
 * @typedef {import("../exact/layers.js").Layers} Layers
 */

/**
 * Open an archive.
 * @param {Uint8Array} data
 * @param {import("../store.js").Store} store
 * @returns {Promise<Opened>}
 */
export async function openArchive(data, store) {
  const { prefix } = parseHead(data);
  const archive = parseArchive(data);
  const fingerprint = (await store.find(prefix)).find((one) => headerIsWhole(data, archive, one));
  if (!fingerprint) throw new VlzError("its header is damaged, so nothing of it can be read; fetch the file again");
  const model = await store.model(fingerprint);
  const { height, width } = model.info;
  const chunks = archive.lengths.map((length, i) => /** @type {[string, number]} */ ([`chunk ${i}`, length + 4]));
  const names = archive.names ? /** @type {[string, number][]} */ ([["names", archive.names]]) : [];
  return {
    kind: archive.lossless ? "lossless archive" : "lossy archive",
    model: (await store.list()).models[fingerprint].name, fingerprint, height, width, count: archive.count,
    drawn: !archive.lossless, exact: archive.lossless, whole: true, names: await readNames(data, archive),
    sections: layout([["header", archive.header], ...names, ...chunks]),
    draw: async (options) => pictures(layersOf(model), await loadTables(store), data, archive, options),
  };
}

/**
 * Return the pictures of numbers first ... last - 1.
 * @param {Layers} layers
 * @param {import("./latents.js").Tables} tables
 * @param {Uint8Array} data
 * @param {Archive} archive
 * @param {Options} options
 */
function pictures(layers, tables, data, archive, { seed = 0, first = 0, last = archive.count, progress }) {
  /** @type {Picture[]} */
  const found = [];
  const { height, width } = layers.model.info;
  for (let number = Math.floor(first / archive.chunk); number * archive.chunk < last; number++) {
    const start = number * archive.chunk;
    const count = Math.min(archive.chunk, archive.count - start);
    const part = readChunk(data, archive, number);
    let place = start;
    for (const one of archive.lossless ? decodeChunk(layers, tables, part, count) : codes(part, count)) {
      if (place >= first && place < last) {
        found.push("mode" in one ? drawn(layers, tables, one, seed) : { height, width, channels: 1, data: one.map((x) => 255 * x) });
        progress?.(found.length / (last - first));
      }
      if (++place >= last && place < start + count) break;
    }
  }
  return found;
}

/**
 * @param {Layers} layers
 * @param {import("./latents.js").Tables} tables
 * @param {{ mode: number, payload: Uint8Array, bits: number }} code
 * @param {number | bigint} seed
 */
function drawn(layers, tables, { mode, payload, bits }, seed) {
  const net = new PixelNet(layers, tables, features(layers, latents(layers, tables, mode, payload, 8 * payload.length - bits)));
  return asPicture(net, net.draw(seedWords(seed), 0));
}

/**
 * Return mode, payload and bits of the codes in a chunk of a lossy archive.
 * @param {Uint8Array} part
 * @param {number} count
 */
function codes(part, count) {
  const kinds = part.subarray(1, 1 + (part[0] ?? 0));
  if (!kinds.length || kinds.length < part[0] || kinds.some((kind) => kind >= KINDS_END)) {
    throw new VlzError("a chunk's table of kinds is damaged");
  }
  const width = 32 - Math.clz32(kinds.length - 1);
  const start = 1 + kinds.length;
  const first = start + Math.ceil((count * width) / 8);
  if (8 * (part.length - first) < count) throw new VlzError(`a chunk of ${part.length} bytes is too small for ${count} codes`);
  /** @param {number} bit */
  const at = (bit) => ((part[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
  const found = [];
  let end = 8 * first;
  for (let number = 0; number < count; number++) {
    let index = 0;
    for (let bit = number * width; bit < (number + 1) * width; bit++) index = 2 * index + at(8 * start + bit);
    if (index >= kinds.length) throw new VlzError("a code is of a kind that its chunk's table does not have");
    const [mode, bits] = kinds[index] < PARTIAL ? [kinds[index] >> 5, 8 * (kinds[index] & 31) + 8] : [0, kinds[index] - PARTIAL + 1];
    const payload = new Uint8Array(Math.ceil(bits / 8));
    for (let bit = 0; bit < bits; bit++) payload[bit >> 3] |= at(end + bit) << (7 - (bit & 7));
    found.push({ mode, payload, bits });
    end += bits;
  }
  const last = Math.ceil(end / 8);
  if (last !== part.length) throw new VlzError(`a chunk has ${part.length} bytes, and its codes end at ${last}: damaged`);
  return found;
}
