/** Files of the windowed family: what they hold, and their picture. */

import { loadTables, match } from "../bilevel/decode.js";
import { layout, sealed } from "../container/header.js";
import { VlzError } from "../errors.js";
import { seedWords } from "../exact/philox.js";
import { fromHex } from "../store.js";
import { checkWork, parseWindowed } from "./container.js";
import { upscale } from "./upscale.js";
import { WindowedModel } from "./model.js";
import { draw, readExact } from "./pixels.js";

/**
 * @typedef {import("../picture.js").Opened} Opened
 * @typedef {import("../picture.js").Options} Options
 * @typedef {import("../picture.js").Picture} Picture
 * @typedef {import("./container.js").WindowedFile} WindowedFile
 */

/** @type {WeakMap<import("../store.js").Model, WindowedModel>} */
const ready = new WeakMap();

/**
 * Open a file of the windowed family.
 * @param {Uint8Array} data
 * @param {import("../store.js").Store} store
 * @returns {Promise<Opened>}
 */
export async function openWindowed(data, store) {
  const file = parseWindowed(data);
  const fingerprint = await match(data.subarray(0, file.checked), file.prefix, store);
  const exact = file.residual !== undefined;
  const whole = !exact || (data.length >= file.checked + 2 && sealed(data, fromHex(fingerprint)));
  const lengths = /** @type {[string, number][]} */ ([["header", file.checked - file.payload.length - 2], ["payload", file.payload.length], ["checksum", 2]]);
  if (exact && whole) lengths.push(["residual", file.residual?.length ?? 0], ["second checksum", 2]);
  const colours = file.grey ? "grey" : "colour";
  return {
    kind: exact ? `exact ${colours} picture` : `${colours} picture, width ${file.width} of 63${file.downscaled ? ", downscaled" : ""}`,
    model: (await store.list()).models[fingerprint].name, fingerprint, height: file.size[0], width: file.size[1],
    count: 1, drawn: !exact, exact, heated: !exact, whole, sections: layout(lengths),
    draw: async (options) => {
      if (!whole && !options.preview) throw new VlzError("cut short or damaged behind its lossy part: the exact pixels are lost, a preview is left");
      checkWork(file, options.preview ?? false);
      const loaded = await store.model(fingerprint);
      if (loaded.info.kind !== "photo") throw new VlzError("its model is not of the windowed family: damaged");
      const model = ready.get(loaded) ?? new WindowedModel(loaded, await loadTables(store));
      ready.set(loaded, model);
      return pictures(model, file, options);
    },
  };
}

/**
 * Return pictures of a file.
 * @param {WindowedModel} model
 * @param {WindowedFile} file
 * @param {Options} options
 * @returns {Picture[]}
 */
function pictures(model, file, { seed = 0, samples = 1, preview = false, temperature = 0, progress = () => {} }) {
  const before = preview ? 0.6 : 0.1;
  const features = model.features(model.grid(file, (part) => progress(before * part)), file.width);
  const shown = (/** @type {import("../exact/layers.js").Maps} */ found) => {
    const levels = { ...found, data: found.data.map((value) => value + 128) };
    return inOrder(upscale(levels, file.size[0], file.size[1]), file.grey);
  };
  if (preview) return [shown(model.preview(features, file.rows, file.columns))];
  const later = (/** @type {number} */ part) => progress(before + (1 - before) * part);
  if (file.residual) return [shown(readExact(model, file, features, later))];
  const heat = Math.round(1024 * temperature);
  return Array.from({ length: samples }, (_, number) =>
    shown(draw(model, file, features, { seed: seedWords(seed), number, heat, progress: (part) => later((number + part) / samples) })),
  );
}

/**
 * Return red, green and blue of levels of green, red and blue, or grey alone.
 * @param {import("../exact/layers.js").Maps} levels
 * @param {boolean} grey
 * @returns {Picture}
 */
function inOrder({ data, rows, columns }, grey) {
  const order = grey ? [0] : [1, 0, 2];
  const out = new Uint8Array(rows * columns * order.length);
  for (let pixel = 0, at = 0; pixel < rows * columns; pixel++) for (const c of order) out[at++] = data[3 * pixel + c];
  return { height: rows, width: columns, channels: order.length, data: out };
}
