/** Files of one bilevel picture: what they hold, and pictures of it. */

import { Interval } from "../coding/interval.js";
import { LOSSLESS, check, layout, parseHead, parseSingle, sealed } from "../container/header.js";
import { VlzError } from "../errors.js";
import { layersOf } from "../exact/layers.js";
import { seedWords } from "../exact/philox.js";
import { fromHex } from "../store.js";
import { latents } from "./latents.js";
import { PixelNet, features } from "./pixels.js";

/**
 * @typedef {import("../store.js").Store} Store
 * @typedef {import("../picture.js").Picture} Picture
 * @typedef {import("../picture.js").Options} Options
 * @typedef {import("../picture.js").Opened} Opened
 */

/**
 * Open a file of one bilevel picture.
 * @param {Uint8Array} data
 * @param {Store} store
 * @returns {Promise<Opened>}
 */
export async function openSingle(data, store) {
  const { mode, prefix } = parseHead(data);
  const parts = parseSingle(data);
  const found = await store.find(prefix);
  const right = found.find((one) => sealed(data, fromHex(one)));
  const whole = right !== undefined;
  const fingerprint = right ?? found[0];
  if (!whole && mode !== LOSSLESS) check(data, fromHex(fingerprint));
  const { name } = (await store.list()).models[fingerprint];
  const model = await store.model(fingerprint);
  const { height, width } = model.info;
  const coded = parts.payload.length + (parts.residual ?? []).length;
  return {
    kind: mode === LOSSLESS ? "lossless" : parts.mode ? "sample" : "tree-search code",
    model: name, fingerprint, height, width, count: 1, drawn: mode !== LOSSLESS || !whole,
    exact: mode === LOSSLESS, whole,
    sections: layout([["header", 6], [parts.residual ? "payload and residual" : "payload", coded], ["checksum", 2]]).slice(0, whole ? 3 : 2),
    draw: (options) => drawSingle(model, parts, whole, store, options),
  };
}

/**
 * Return the fingerprint under which the checksum of a file is right.
 * @param {Uint8Array} data
 * @param {Uint8Array} prefix
 * @param {Store} store
 */
export async function match(data, prefix, store) {
  const found = await store.find(prefix);
  const right = found.find((one) => sealed(data, fromHex(one)));
  if (!right) check(data, fromHex(found[0]));
  return right ?? found[0];
}

/**
 * Return pictures of a file.
 * @param {import("../store.js").Model} model
 * @param {import("../container/header.js").Single} parts
 * @param {boolean} whole
 * @param {Store} store
 * @param {Options} options
 * @returns {Promise<Picture[]>}
 */
async function drawSingle(model, parts, whole, store, { seed = 0, samples = 1, preview = false, progress }) {
  const layers = layersOf(model);
  const tables = await loadTables(store);
  const net = new PixelNet(layers, tables, features(layers, latents(layers, tables, parts.mode, parts.payload)));
  if (parts.residual && !preview) {
    if (!whole) throw new VlzError("cut short or damaged: the exact pixels are lost, a preview is left, if that part is right");
    const { height, width } = model.info;
    return [asPicture(net, net.restore(new Interval(parts.residual, height * width)))];
  }
  const pictures = [];
  for (let number = 0; number < samples; number++) {
    pictures.push(asPicture(net, net.draw(seedWords(seed), number)));
    progress?.((number + 1) / samples);
  }
  return pictures;
}

/**
 * Return a picture of 0s and 1s as levels.
 * @param {PixelNet} net
 * @param {Uint8Array} pixels
 * @returns {Picture}
 */
export function asPicture(net, pixels) {
  const { rows, columns } = net.features;
  return { height: rows, width: columns, channels: 1, data: pixels.map((pixel) => 255 * pixel) };
}

/**
 * Return the format's tables by name.
 * @param {Store} store
 * @returns {Promise<import("./latents.js").Tables>}
 */
export async function loadTables(store) {
  const { arrays } = await store.table("tables");
  return /** @type {any} */ (Object.fromEntries([...arrays].map(([name, { data }]) => [name, data])));
}
