import assert from "node:assert/strict";
import test from "node:test";
import { RangeDecoder, minus, times } from "../js/coding/range.js";
import { philox } from "../js/exact/philox.js";

const MASK = (1n << 64n) - 1n;

/** The definition, in BigInt: numbers of 64 bits, one symbol after the other. */
class Plain {
  constructor(data) {
    const padded = Buffer.concat([Buffer.from(data), Buffer.alloc(16)]);
    this.words = Array.from({ length: padded.length >> 2 }, (_, i) => BigInt(padded.readUInt32LE(4 * i)));
    this.distance = (this.words[0] << 32n) | this.words[1];
    this.range = MASK;
    this.place = 2;
  }

  pop(cumulative) {
    const scale = this.range >> 24n;
    const quantile = this.distance / scale;
    if (quantile >= 1n << 24n) throw new Error("invalid");
    let symbol = 0;
    while (BigInt(cumulative[symbol + 1]) <= quantile) symbol++;
    this.distance -= scale * BigInt(cumulative[symbol]);
    this.range = scale * BigInt(cumulative[symbol + 1] - cumulative[symbol]);
    if (this.range < 1n << 32n) {
      this.range <<= 32n;
      this.distance = (this.distance << 32n) | (this.words[this.place++] ?? 0n);
    }
    return symbol;
  }
}

test("products and differences of two words are exact", () => {
  for (let i = 0; i < 5000; i++) {
    const [w0, w1, w2, w3] = philox(i, 0, 0, 0, 5, 0);
    const [a, b] = [(w0 & 255) * 2 ** 32 + w1, i % 7 ? w2 % 2 ** 24 : 2 ** 24];
    const [high, low] = times(a, b);
    assert.equal((BigInt(high) << 32n) | BigInt(low), BigInt(a) * BigInt(b));
    const [h, l] = minus(w3, w0, w3 >>> 1, w1);
    assert.equal((BigInt(h) << 32n) | BigInt(l), ((BigInt(w3) << 32n) | BigInt(w0)) - ((BigInt(w3 >>> 1) << 32n) | BigInt(w1)));
  }
});

test("any bytes give the symbols of plain arithmetic, or are refused where it refuses them", () => {
  let refused = 0;
  for (let file = 0; file < 300; file++) {
    const data = new Uint8Array(new Uint32Array([...Array(12).keys()].flatMap((i) => [...philox(i, file, 0, 0, 9, 0)])).buffer);
    if (file % 3 === 0) data.fill(255, 0, 40);
    if (file % 3 === 1) data.fill(0, 5, 40);
    const [found, plain] = [new RangeDecoder(data), new Plain(data)];
    for (let i = 0; i < 400; i++) {
      const cuts = [...philox(i, file, 1, 0, 9, 0)].map((word) => (word % 5 ? word >>> 8 : word & 15)).sort((a, b) => a - b);
      const cumulative = [...new Set([0, ...cuts, 2 ** 24])].sort((a, b) => a - b);
      let symbol;
      try {
        symbol = plain.pop(cumulative);
      } catch {
        refused++;
        assert.throws(() => found.pop(cumulative), { name: "VlzError" });
        break;
      }
      assert.equal(found.pop(cumulative), symbol);
    }
  }
  assert.ok(refused > 0 && refused < 300);
});

test("decisions are the symbols of plain arithmetic", () => {
  let refused = 0;
  for (let file = 0; file < 200; file++) {
    const data = new Uint8Array(new Uint32Array([...Array(10).keys()].flatMap((i) => [...philox(i, file, 0, 0, 8, 0)])).buffer);
    if (file % 3 === 0) data.fill(255, 0, 20);
    if (file % 3 === 1) data.fill(0, 5, 40);
    const [found, plain] = [new RangeDecoder(data), new Plain(data)];
    for (let i = 0; i < 600; i++) {
      const word = philox(i, file, 1, 0, 8, 0)[0];
      const one = 1 + [word >>> 8, word & 15, 2 ** 24 - 20 + (word & 15), 2 ** 23 - 8 + (word & 15)][i % 4] % (2 ** 24 - 1);
      let decision;
      try {
        decision = plain.pop([0, 2 ** 24 - one - (one < 2 ** 23 ? 1 : 0), 2 ** 24]);
      } catch {
        refused++;
        assert.throws(() => found.decide(one), { name: "VlzError" });
        break;
      }
      assert.equal(found.decide(one), decision);
    }
  }
  assert.ok(refused > 0 && refused < 200);
});
