/** The worker: opens and draws files, so that the page stays alive whatever a file asks for. */

import { VlzError } from "../errors.js";
import { open } from "../picture.js";
import { Store } from "../store.js";

const ROOT = new URL("../../", import.meta.url);

const store = new Store(async (path) => {
  const answer = await fetch(new URL(path, ROOT));
  if (!answer.ok) throw new VlzError(`${path} cannot be loaded (${answer.status}): is the page's folder complete?`);
  return new Uint8Array(await answer.arrayBuffer());
});

/**
 * @typedef {{ task: "describe", data: Uint8Array } |
 *   { task: "draw", data: Uint8Array, options: import("../picture.js").Options }} Request
 */

/** @param {Request} request */
async function answer(request) {
  const { draw, ...told } = await open(request.data, store);
  if (request.task === "describe") return told;
  return draw({ ...request.options, progress: (part) => postMessage({ progress: part }) });
}

self.onmessage = async ({ data }) => {
  try {
    postMessage({ result: await answer(data) });
  } catch (error) {
    const known = error instanceof VlzError;
    const message = known ? error.message : `the page cannot read this file (${/** @type {Error} */ (error).message})`;
    postMessage({ error: message });
  }
};
