/** The worker: opens and draws files, so that the page stays alive whatever a file asks for. */

import { loadTables } from "../bilevel/decode.js";
import { encode } from "../bilevel/encode.js";
import { VlzError } from "../errors.js";
import { layersOf } from "../exact/layers.js";
import { open } from "../picture.js";
import { Store } from "../store.js";
import { hold, load } from "./files.js";

const store = new Store(load);

/**
 * @typedef {{ task: "describe", data: Uint8Array } |
 *   { task: "draw", data: Uint8Array, options: import("../picture.js").Options } |
 *   { task: "encode", pixels: Uint8Array, bytes: number, samples: number }} Request
 */

const DIGITS = "mnist";

/** @param {Request} request */
async function answer(request) {
  if (request.task === "encode") return encoded(request.pixels, request.bytes, request.samples);
  const { draw, ...told } = await open(request.data, store);
  if (request.task === "describe") return told;
  return draw({ ...request.options, progress: (part) => postMessage({ progress: part }) });
}

/**
 * Return the file of a digit, and pictures of it.
 * @param {Uint8Array} pixels
 * @param {number} bytes
 * @param {number} samples
 */
async function encoded(pixels, bytes, samples) {
  const { models } = await store.list();
  const fingerprint = Object.keys(models).find((one) => models[one].name === DIGITS);
  if (!fingerprint) throw new VlzError("the page's folder has no model of digits");
  const file = encode(layersOf(await store.model(fingerprint)), await loadTables(store), pixels, bytes);
  return { file, pictures: await (await open(file, store)).draw({ samples }) };
}

self.onmessage = async ({ data }) => {
  if ("files" in data) return hold(data.files);
  try {
    postMessage({ result: await answer(data) });
  } catch (error) {
    const known = error instanceof VlzError;
    const message = known ? error.message : `the page cannot read this file (${/** @type {Error} */ (error).message})`;
    postMessage({ error: message });
  }
};
