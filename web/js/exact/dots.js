/**
 * Sums of products of 16-bit integers, by WebAssembly's vectors where there are any, else by script: the same numbers.
 */

import { DOTS } from "./kernel.js";

/**
 * @typedef {(a: number, b: number, c: number, runs: number, run: number, step: number, weights: number, out: number,
 *   pixels: number, outputs: number) => void} Dots
 *   addresses and sizes in bytes, see kernel/dots.wat
 */

/**
 * Return what a kernel exports, or undefined where there are no vectors.
 * @param {string} kernel
 */
export function instance(kernel) {
  const bytes = Uint8Array.from(atob(kernel), (letter) => letter.charCodeAt(0));
  return WebAssembly.validate(bytes) ? new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports : undefined;
}

/** A memory, and what computes in it. */
export class Workspace {
  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 1 });
    /** @type {Dots} */
    this.dots = (...told) => dotsInScript(this.memory.buffer, ...told);
    const exports = instance(DOTS);
    if (exports) {
      this.memory = /** @type {WebAssembly.Memory} */ (exports.memory);
      this.dots = /** @type {Dots} */ (exports.dots);
    }
  }

  /**
   * Make sure of so many bytes.
   * @param {number} bytes
   */
  reserve(bytes) {
    const missing = bytes - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
  }
}

/**
 * What kernel/dots.wat does.
 * @param {ArrayBuffer | SharedArrayBuffer} buffer
 * @param {number} a
 * @param {number} b
 * @param {number} c
 * @param {number} runs
 * @param {number} run
 * @param {number} step
 * @param {number} weights
 * @param {number} out
 * @param {number} pixels
 * @param {number} outputs
 */
export function dotsInScript(buffer, a, b, c, runs, run, step, weights, out, pixels, outputs) {
  const numbers = new Int16Array(buffer);
  const sums = new Int32Array(buffer);
  const line = (pixels + 3) & -4;
  const starts = [a, b, c];
  for (let o = 0; o < outputs; o++) {
    for (let p = 0; p < pixels; p++) {
      let sum = 0;
      for (let r = 0; r < runs; r++) {
        const x = (starts[r] + p * step) >> 1;
        const w = (weights + (o * runs + r) * run) >> 1;
        for (let i = 0; i < run >> 1; i++) sum = (sum + Math.imul(numbers[x + i], numbers[w + i])) | 0;
      }
      sums[(out >> 2) + o * line + p] = sum;
    }
  }
}
