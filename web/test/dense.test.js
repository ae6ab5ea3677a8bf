import assert from "node:assert/strict";
import test from "node:test";
import { Gathered } from "../js/exact/dense.js";
import { philox } from "../js/exact/philox.js";

/** Return random whole numbers of a magnitude, every third of them 0. */
function numbers(count, most, key) {
  return Float64Array.from({ length: count }, (_, i) => {
    const [word, other] = philox(i, 0, 0, 0, key, 1);
    return other % 3 ? (word % (2 * most + 1)) - most : 0;
  });
}

test("vectors, script and BigInt give the same layers", () => {
  const [fast, slow] = [new Gathered(512), new Gathered(512, false)];
  for (const [inputs, outputs] of [[1, 1], [12, 48], [48, 1], [89, 112], [500, 37], [7, 300], [300, 300]]) {
    for (const [shift, limit] of [[14, 2 ** 19 - 1], [0, Infinity], [3, 1024]]) {
      const layer = { inputs, outputs, shift, weight: numbers(inputs * outputs, 32767, 1), bias: numbers(outputs, 2 ** 30, 2) };
      for (const x of [numbers(inputs, 2 ** 19, 3), numbers(inputs, 3, 4), new Float64Array(inputs)]) {
        const found = [fast, slow].map((one) => {
          const out = new Float64Array(outputs + 5).fill(7);
          one.of(x, 0, inputs).through(layer, limit, out, 2);
          return out;
        });
        assert.deepEqual(found[0], found[1]);
        for (let j = 0; j < outputs; j++) {
          let sum = BigInt(layer.bias[j]) + ((1n << BigInt(shift)) >> 1n);
          for (let i = 0; i < inputs; i++) sum += BigInt(x[i]) * BigInt(layer.weight[i * outputs + j]);
          const exact = Number(sum >> BigInt(shift));
          assert.equal(found[0][2 + j], Math.min(limit, Math.max(-limit, exact)));
        }
        assert.deepEqual([...found[0].slice(0, 2), ...found[0].slice(outputs + 2)], [7, 7, 7, 7, 7]);
      }
    }
  }
});

test("positive values alone are gathered, and parts one behind the other", () => {
  for (const vectors of [true, false]) {
    const gathered = new Gathered(16, vectors).positive(Float64Array.of(3, -1, 0, 5));
    assert.deepEqual([...gathered.places.slice(0, 2), ...gathered.values.slice(0, 2), gathered.count], [0, 3, 3, 5, 2]);
    gathered.count = 0;
    gathered.add(Float64Array.of(9, 4, 0, 6), 1, 3, 10);
    assert.deepEqual([...gathered.places.slice(0, 2), ...gathered.values.slice(0, 2)], [10, 12, 4, 6]);
  }
});
