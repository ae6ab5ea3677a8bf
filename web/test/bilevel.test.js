import assert from "node:assert/strict";
import test from "node:test";
import { open } from "../js/picture.js";
import { bytes, golden, store } from "./folders.js";
import { readPng } from "./png.js";

const SEED = 7;
const SINGLE = golden().filter((name) => !name.includes("archive"));
const LOSSY = SINGLE.find((name) => name.endsWith("search"));

for (const name of SINGLE) {
  test(`${name} gives the pixels of its PNG file`, async () => {
    const file = await open(await bytes(`${name}.vlz`), store);
    const expected = readPng(await bytes(`${name}.png`));
    const found = [...(await file.draw({ seed: SEED })), ...(await file.draw({ seed: SEED, preview: true }))];
    const pixels = found.flatMap((picture) => [...picture.data]);
    assert.deepEqual(pixels, [...expected.data].slice(0, pixels.length));
    assert.equal(pixels.length, expected.data.length);
  });
}

test("a lossless file that is cut gives its preview and says what is lost", async () => {
  const name = SINGLE.find((one) => one.endsWith("lossless"));
  const data = await bytes(`${name}.vlz`);
  const whole = await open(data, store);
  const cut = await open(data.subarray(0, data.length - 4), store);
  assert.deepEqual(await cut.draw({ seed: SEED, preview: true }), await whole.draw({ seed: SEED, preview: true }));
  await assert.rejects(cut.draw({ seed: SEED }), /exact pixels are lost/);
});

test("samples of one file differ, and the first is the picture", async () => {
  const file = await open(await bytes(`${LOSSY}.vlz`), store);
  const [first, second] = await file.draw({ seed: SEED, samples: 2 });
  assert.deepEqual(first, (await file.draw({ seed: SEED }))[0]);
  assert.notDeepEqual(first, second);
});

test("every flipped bit is noticed", async () => {
  const data = await bytes(`${LOSSY}.vlz`);
  for (let bit = 0; bit < 8 * data.length; bit++) {
    const damaged = Uint8Array.from(data);
    damaged[bit >> 3] ^= 1 << (bit & 7);
    await assert.rejects(open(damaged, store), { name: "VlzError" });
  }
});
