import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { crc32 as zlibCrc } from "node:zlib";
import { crc16, crc32 } from "../js/container/checksums.js";
import { philox } from "../js/exact/philox.js";
import { encodePng, samples, toRgba } from "../js/png.js";
import { sha256 } from "../js/sha256.js";
import { readPng } from "./png.js";

test("SHA-256 is that of Node at every length around a block", () => {
  const data = Uint8Array.from({ length: 200 }, (_, i) => (i * 97 + 13) & 255);
  for (let n = 0; n <= data.length; n++) {
    assert.equal(sha256(data.subarray(0, n)), createHash("sha256").update(data.subarray(0, n)).digest("hex"));
  }
});

test("Philox gives the published words and those of the format's page", () => {
  const all = 0xffffffff;
  assert.deepEqual([...philox(0, 0, 0, 0, 0, 0)], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  assert.deepEqual([...philox(all, all, all, all, all, all)], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  assert.deepEqual([...philox(126, 0, 0, 16, 0, 0)], [0x9adc8917, 0xc8e1a54e, 0xf77fb92e, 0x89ec5b97]);
});

test("the checksums are those of their definitions", () => {
  const data = new TextEncoder().encode("123456789");
  assert.equal(crc16(data), 0x29b1);
  assert.equal(crc32(data), 0xcbf43926);
  assert.equal(crc32(data.subarray(0, 4), data.subarray(4)), 0xcbf43926);
  if (zlibCrc) assert.equal(crc32(data), zlibCrc(data));
});

test("PNG files hold the samples of pictures of every kind, hidden colours among them", async () => {
  for (const channels of [1, 2, 3, 4]) {
    const size = { height: 5, width: 7, channels };
    const bytes = (key) => Uint8Array.from({ length: 35 * channels }, (_, i) => philox(i, key, 0, 0, 0, 0)[0] & 255);
    for (const picture of [{ ...size, data: bytes(1) }, { ...size, data: bytes(1), low: bytes(2) }]) {
      const found = readPng(Buffer.from(await encodePng(picture)));
      assert.deepEqual(found, { ...size, data: samples(picture) });
    }
    const rgba = toRgba({ ...size, data: bytes(1) });
    assert.equal(rgba[3], channels % 2 ? 255 : bytes(1)[channels - 1]);
    assert.equal(rgba[0], bytes(1)[0]);
  }
});
