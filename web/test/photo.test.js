import assert from "node:assert/strict";
import test from "node:test";
import { open } from "../js/picture.js";
import { bytes, golden, store } from "./folders.js";
import { readPng } from "./png.js";

/** What the golden files of the windowed family were drawn with. */
const OPTIONS = { seed: 11, temperature: 0.7 };
const FILES = golden("photo/");

for (const name of FILES) {
  const data = await bytes(`${name}.vlz`);
  test(`${name} gives the pixels of its PNG file`, async () => {
    const [found] = await (await open(data, store)).draw(OPTIONS);
    assert.deepEqual(found, { ...readPng(await bytes(`${name}.png`)) });
  });
}
