/** Files beside the page: fetched, or, where the page is a single file that was opened from a disk, held in it. */

import { VlzError } from "../errors.js";

/** @type {Map<string, Uint8Array> | undefined} */
let held;

/**
 * Take files from here on from a map, by their path.
 * @param {Map<string, Uint8Array>} files
 */
export function hold(files) {
  held = files;
}

/** Return the map of files that are held, if they are. */
export function all() {
  return held;
}

/**
 * Return a file.
 * @param {string} path from the page's folder
 */
export async function load(path) {
  if (held) {
    const data = held.get(path);
    if (!data) throw new VlzError(`${path} is not in this page: open the page from a server`);
    return data;
  }
  const answer = await fetch(new URL(`../../${path}`, import.meta.url));
  if (!answer.ok) throw new VlzError(`${path} cannot be loaded (${answer.status}): is the page's folder complete?`);
  return new Uint8Array(await answer.arrayBuffer());
}
