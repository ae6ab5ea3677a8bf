import assert from "node:assert/strict";
import test from "node:test";
import { PHOTO } from "../js/container/header.js";
import { open } from "../js/picture.js";
import { bytes, golden, store } from "./folders.js";
import { readPng } from "./png.js";

const FILES = golden("photo/");

for (const name of FILES) {
  const data = await bytes(`${name}.vlz`);
  if ((data[2] & 15) !== PHOTO) continue;
  test(`${name} gives the pixels of its PNG file`, async () => {
    const [found] = await (await open(data, store)).draw({});
    assert.deepEqual(found, { ...readPng(await bytes(`${name}.png`)) });
  });
}
