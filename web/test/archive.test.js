import assert from "node:assert/strict";
import test from "node:test";
import { open } from "../js/picture.js";
import { bytes, golden, store } from "./folders.js";
import { readPng } from "./png.js";

const SEED = 7;
const ARCHIVES = golden().filter((name) => name.includes("archive"));

for (const name of ARCHIVES) {
  test(`${name} gives the pixels of its PNG file`, async () => {
    const file = await open(await bytes(`${name}.vlz`), store);
    const expected = readPng(await bytes(`${name}.png`));
    const found = await file.draw({ seed: SEED });
    assert.equal(found.length, file.count);
    assert.deepEqual(found.flatMap((picture) => [...picture.data]), [...expected.data]);
    if (name.endsWith("named")) assert.deepEqual(file.names, Array.from({ length: file.count }, (_, i) => `digit ${i}.png`));
  });
}

for (const name of ["9cd1a86e7ea5-lossy-archive", "9cd1a86e7ea5-lossless-archive-named"]) {
  test(`a part of ${name} is the same part of the whole`, async () => {
    const file = await open(await bytes(`${name}.vlz`), store);
    const whole = await file.draw({ seed: SEED });
    assert.deepEqual(await file.draw({ seed: SEED, first: 11, last: 23 }), whole.slice(11, 23));
  });
}

test("bits flipped in an archive are noticed where they matter", async () => {
  const data = await bytes(`${ARCHIVES[0]}.vlz`);
  for (let bit = 0; bit < 8 * data.length; bit += 5) {
    const damaged = Uint8Array.from(data);
    damaged[bit >> 3] ^= 1 << (bit & 7);
    await assert.rejects(async () => (await open(damaged, store)).draw({ seed: SEED }), { name: "VlzError" });
  }
});
