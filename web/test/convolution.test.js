import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Convolution } from "../js/exact/convolution.js";
import { Workspace, dotsInScript } from "../js/exact/dots.js";
import { philox } from "../js/exact/philox.js";
import { assemble } from "../kernel/assemble.js";

/** Return random whole numbers of a magnitude. */
function numbers(count, most, key) {
  return Int32Array.from({ length: count }, (_, i) => (philox(i, 0, 0, 0, key, 0)[0] % (2 * most + 1)) - most);
}

/** The definition, in BigInt. */
function expected(x, { data, shape: [outputs, inputs, side] }, bias, shift, low, high) {
  const found = [];
  const pad = side >> 1;
  for (let row = 0; row < x.rows; row++) {
    for (let column = 0; column < x.columns; column++) {
      for (let o = 0; o < outputs; o++) {
        let sum = BigInt(bias[o]);
        for (let tap = 0; tap < side * side; tap++) {
          const [r, c] = [row + Math.floor(tap / side) - pad, column + (tap % side) - pad];
          if (r < 0 || c < 0 || r >= x.rows || c >= x.columns) continue;
          for (let i = 0; i < inputs; i++) {
            const weight = data[(o * inputs + i) * side * side + tap];
            sum += BigInt(weight) * BigInt(x.data[(r * x.columns + c) * inputs + i]);
          }
        }
        const rounded = Number((sum + ((1n << BigInt(shift[o])) >> 1n)) >> BigInt(shift[o]));
        found.push(Math.min(high, Math.max(low, rounded)));
      }
    }
  }
  return found;
}

for (const side of [1, 3]) {
  for (const most of [1, 511, 32767, 2 ** 20]) {
    for (const [inputs, outputs] of [[3, 5], [8, 2], [17, 9]]) {
      test(`sums of ${side} x ${side} are exact for ${inputs} to ${outputs} channels up to ${most}`, () => {
        const x = { data: numbers(5 * 6 * inputs, most, 1), rows: 5, columns: 6, channels: inputs };
        const weight = { data: numbers(outputs * inputs * side * side, 32767, 2), shape: [outputs, inputs, side, side] };
        const bias = numbers(outputs, 2 ** 30, 3);
        const shift = Int32Array.from({ length: outputs }, (_, o) => 3 * o);
        const told = [weight, bias, shift, -(2 ** 28), 2 ** 27];
        const whole = expected(x, ...told);
        const conv = new Convolution(...told);
        assert.deepEqual([...conv.run(x).data], whole);
        for (const half of [0, 1]) {
          const kept = whole.filter((_, i) => {
            const place = Math.floor(i / outputs);
            return (Math.floor(place / 6) + (place % 6)) % 2 === half;
          });
          assert.deepEqual([...conv.run(x, half).data], kept);
        }
      });
    }
  }
}

test("vectors and script give the same sums, those that leave 32 bits among them", () => {
  const room = new Workspace();
  room.reserve(1 << 16);
  const { buffer } = room.memory;
  new Int16Array(buffer, 0, 8192).set(numbers(8192, 32768, 7));
  const told = [0, 96, 480, 3, 48, 32, 8192, 16384, 6, 4];
  room.dots(...told);
  const fast = new Int32Array(buffer.slice(16384, 16384 + 4 * 8 * 4));
  dotsInScript(buffer, ...told);
  const slow = new Int32Array(buffer.slice(16384, 16384 + 4 * 8 * 4));
  for (let o = 0; o < 4; o++) assert.deepEqual(fast.slice(8 * o, 8 * o + 6), slow.slice(8 * o, 8 * o + 6));
});

test("the kernel is what its text assembles to", (t) => {
  try {
    execFileSync("wat2wasm", ["--version"]);
  } catch {
    t.skip("needs wat2wasm");
    return;
  }
  assert.equal(assemble(), readFileSync(new URL("../js/exact/kernel.js", import.meta.url), "utf8"));
});
