/** Where the tests find what they read: golden files in the checkout, and the built folder that VLAE_WEB names. */

import { readFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { Store } from "../js/store.js";

export const GOLDEN = new URL("../../tests/golden/", import.meta.url);
export const BUILT = process.env.VLAE_WEB;

/** A store that reads the built folder. */
export const store = new Store((path) => readFile(`${BUILT}/${path}`));

/** Names of golden files of a folder, without their suffix. */
export function golden(folder = "") {
  const names = readdirSync(new URL(folder, GOLDEN)).filter((name) => name.endsWith(".vlz"));
  return names.map((name) => folder + name.slice(0, -4)).sort();
}

/** The bytes of a golden file. */
export function bytes(name) {
  return readFile(new URL(name, GOLDEN));
}
