import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { loadTables } from "../js/bilevel/decode.js";
import { encode } from "../js/bilevel/encode.js";
import { layersOf } from "../js/exact/layers.js";
import { open } from "../js/picture.js";
import { centred } from "../js/page/ink.js";
import { bytes, store } from "./folders.js";
import { readPng } from "./png.js";

const [MNIST] = await store.find(Uint8Array.of(0x9c, 0xd1, 0xa8));
const layers = layersOf(await store.model(MNIST));
const tables = await loadTables(store);

/** Return one of the package's digits, 0s and 1s. */
async function digit(number) {
  const { data } = readPng(await readFile(new URL(`../../cli/vlae_cli/digits/${number}.png`, import.meta.url)));
  return Uint8Array.from(data, (level) => (level >= 128 ? 1 : 0));
}

test("the search ends where the package's does", async () => {
  const golden = await bytes("9cd1a86e7ea5-search.vlz");
  assert.deepEqual([...encode(layers, tables, await digit(3), 3)], [...golden]);
});

for (const count of [2, 3, 7]) {
  test(`a code of ${count} bytes is one that is read, and more like its digit than others`, async () => {
    for (const number of [0, 4]) {
      const pixels = await digit(number);
      const file = await open(encode(layers, tables, pixels, count), store);
      assert.equal(file.sections[1].bytes, count);
      const [{ data }] = await file.draw({});
      const wrong = (other) => other.reduce((sum, pixel, i) => sum + (pixel !== (data[i] ? 1 : 0)), 0);
      const others = await Promise.all([1, 2, 3, 5, 6, 7, 8, 9].map(digit));
      for (const other of others) assert.ok(wrong(pixels) < wrong(other), `${number}`);
    }
  });
}

test("ink is fitted into 20 pixels, and its mass into the middle", () => {
  for (const [top, left, side] of [[3, 200, 60], [10, 10, 260], [100, 140, 9]]) {
    const ink = new Uint8Array(280 * 280);
    for (let r = 0; r < side; r++) for (let c = 0; c < side / 2; c++) ink[(top + r) * 280 + left + c] = 255;
    const found = centred(ink, 280, 28);
    const rows = [...found.keys()].filter((i) => found[i]).map((i) => Math.floor(i / 28));
    const columns = [...found.keys()].filter((i) => found[i]).map((i) => i % 28);
    const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
    assert.ok(Math.max(...rows) - Math.min(...rows) <= 20 && Math.max(...rows) - Math.min(...rows) >= 18);
    assert.ok(Math.abs(mean(rows) - 13.5) <= 1 && Math.abs(mean(columns) - 13.5) <= 1);
  }
  assert.equal(centred(new Uint8Array(280 * 280), 280, 28), undefined);
});
