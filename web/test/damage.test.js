/** Damaged files by the hundred: each is read or refused in one sentence. VLAE_DAMAGED says how many, and from where. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { crc16, crc32 } from "../js/container/checksums.js";
import { parseArchive } from "../js/container/archive.js";
import { ARCHIVE, WINDOWED_LOSSLESS } from "../js/container/header.js";
import { philox } from "../js/exact/philox.js";
import { open } from "../js/picture.js";
import { fromHex } from "../js/store.js";
import { parseWindowed } from "../js/windowed/container.js";
import { store } from "./folders.js";

const SUITE = new URL("../../conformance/files/", import.meta.url);
const [FIRST, LAST] = (process.env.VLAE_DAMAGED ?? "0:400").split(":").map(Number);
const MOST = 1200; // bytes: larger files take long, and have no other parts
const DRAWN = 64 * 64; // pixels: the time of a file that is not damaged is no hang
const SECONDS = 20;
const ODD = [0, 1, 127, 128, 255, 16, 21, 22];
const FILES = readdirSync(SUITE).sort().map((name) => new Uint8Array(readFileSync(new URL(name, SUITE)))).filter(({ length }) => length <= MOST);
const PRINTS = Object.keys((await store.list()).models);

/** Return a source of random numbers below a limit. */
function dice(number) {
  let [words, place] = [new Uint32Array(0), 0];
  return (limit) => {
    if (place % 4 === 0) words = philox(place >> 2, number, 0, 0, 77, 0);
    return words[place++ % 4] % limit;
  };
}

/** Return a file after one to eight changes. */
function damaged(number) {
  const roll = dice(number);
  let data = [...FILES[roll(FILES.length)]];
  for (let changes = 2 ** roll(4); changes > 0; changes--) {
    const place = roll(data.length + 1);
    const end = Math.min(data.length, place + 1 + roll(8));
    const other = FILES[roll(FILES.length)];
    const start = roll(other.length + 1);
    switch (roll(8)) {
      case 0: if (place < data.length) data[place] ^= 1 << roll(8); break;
      case 1: if (place < data.length) data[place] = ODD[roll(ODD.length)]; break;
      case 2: if (place < data.length) data[place] = roll(256); break;
      case 3: data.splice(place, end - place); break;
      case 4: data.splice(place, 0, ...Array.from({ length: 1 + roll(8) }, () => roll(256))); break;
      case 5: data.splice(place, 0, ...data.slice(place, end)); break;
      case 6: if (roll(4) === 0) data = data.slice(0, place); break;
      default: data.splice(place, end - place, ...other.subarray(start, start + roll(32)));
    }
  }
  const whole = Uint8Array.from(data);
  return roll(4) ? resealed(whole) : whole;
}

/** Put the checksums right, as far as the file still has a form. */
function resealed(data) {
  const digits = Buffer.from(data.subarray(3, 6)).toString("hex");
  const print = PRINTS.find((one) => one.startsWith(digits)) ?? "00".repeat(32);
  const seal = (end) => {
    const crc = crc16(fromHex(print), data.subarray(0, end - 2));
    if (end >= 8) data.set([crc & 255, crc >> 8], end - 2);
  };
  const word = (at, value) => new DataView(data.buffer).setUint32(at, value, true);
  try {
    const mode = data[2] & 15;
    if (mode === WINDOWED_LOSSLESS) seal(parseWindowed(data).checked);
    if (mode === ARCHIVE) {
      const { header, names, starts, lengths } = parseArchive(data);
      word(header - 4, crc32(fromHex(print), data.subarray(0, header - 4)));
      if (names > 4) word(header + names - 4, crc32(Uint8Array.of(255, 255, 255, 255), data.subarray(header, header + names - 4)));
      starts.forEach((start, i) => word(start + lengths[i], crc32(Uint8Array.of(i & 255, i >> 8, 0, 0), data.subarray(start, start + lengths[i]))));
    } else seal(data.length);
  } catch {
    return data;
  }
  return data;
}

test(`damaged files ${FIRST} to ${LAST} are read or refused`, { timeout: 3_600_000 }, async () => {
  const outcomes = { read: 0, large: 0 };
  for (let number = FIRST; number < LAST; number++) {
    const data = damaged(number);
    const start = performance.now();
    try {
      const file = await open(data, store);
      if (file.count * file.height * file.width <= DRAWN) {
        await file.draw({});
        outcomes.read++;
      } else outcomes.large++;
    } catch (error) {
      assert.equal(error.name, "VlzError", `input ${number}: ${error.stack}`);
      assert.ok(!error.message.includes("\n") && error.message.length < 200, `input ${number}`);
      const kind = error.message.replace(/[0-9a-f]{6}|\d+/g, "N");
      outcomes[kind] = (outcomes[kind] ?? 0) + 1;
    }
    assert.ok(performance.now() - start < 1000 * SECONDS, `input ${number} took long`);
  }
  if (process.env.VLAE_DAMAGED) console.log(outcomes);
  assert.ok(outcomes.read > 0);
  assert.ok(Object.keys(outcomes).length > 15);
});
