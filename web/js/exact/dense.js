/**
 * Plain layers in doubles, which hold every sum: inputs that are not 0 are gathered first, most being 0 behind a ReLU.
 * WebAssembly's vectors compute them where there are any (kernel/dense.wat), else script: the same numbers.
 */

import { instance } from "./dots.js";
import { DENSE } from "./kernel.js";

/**
 * @typedef {{ weight: Float64Array, bias: Float64Array, inputs: number, outputs: number, shift: number }} Layer
 */

/** Layers in a WebAssembly memory: places and values of the inputs first, then a row of results, then the layers. */
class Room {
  /** @param {number} most inputs */
  static make(most) {
    const exports = instance(DENSE);
    return exports && new Room(exports, most);
  }

  /**
   * @param {Record<string, any>} exports
   * @param {number} most
   */
  constructor(exports, most) {
    /** @type {WebAssembly.Memory} */
    this.memory = exports.memory;
    /** @type {(...told: number[]) => void} */
    this.dense = exports.dense;
    this.most = most;
    this.values = 4 * most;
    this.out = 12 * most;
    this.top = 20 * most;
    /** @type {WeakMap<Layer, { weights: number, bias: number, outputs: number }>} */
    this.known = new WeakMap();
    this.reserve(this.top);
  }

  /** @param {number} bytes */
  reserve(bytes) {
    const missing = bytes - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536) + 16);
  }

  /**
   * Return where a layer lies, put there if it is not.
   * @param {Layer} layer
   */
  place(layer) {
    let found = this.known.get(layer);
    if (!found) {
      const { inputs, outputs, weight, bias, shift } = layer;
      const padded = (outputs + 7) & -8;
      found = { bias: this.top, weights: this.top + 8 * padded, outputs: padded };
      this.top += 8 * padded * (inputs + 1);
      this.reserve(this.top);
      const numbers = new Float64Array(this.memory.buffer, found.bias, padded * (inputs + 1));
      const half = shift ? 2 ** (shift - 1) : 0;
      for (let j = 0; j < outputs; j++) numbers[j] = bias[j] + half;
      for (let i = 0; i < inputs; i++) numbers.set(weight.subarray(i * outputs, (i + 1) * outputs), (i + 1) * padded);
      this.known.set(layer, found);
    }
    return found;
  }
}

/** Inputs that are not 0, with the places of their weights. */
export class Gathered {
  /**
   * @param {number} most inputs or outputs
   * @param {boolean} [vectors] whether they may be used
   */
  constructor(most, vectors = true) {
    this.most = most;
    this.room = vectors ? Room.make(most) : undefined;
    this.places = new Int32Array(most);
    this.values = new Float64Array(most);
    this.out = this.values;
    this.count = 0;
    this.look();
  }

  /** Look at the memory anew, which moves when it grows. */
  look() {
    if (!this.room) return;
    const { memory, values, out } = this.room;
    this.places = new Int32Array(memory.buffer, 0, this.most);
    this.values = new Float64Array(memory.buffer, values, this.most);
    this.out = new Float64Array(memory.buffer, out, this.most);
  }

  /**
   * Begin anew with the values of x from `at` on.
   * @param {Float64Array} x
   * @param {number} at
   * @param {number} count
   */
  of(x, at, count) {
    this.count = 0;
    this.add(x, at, count, 0);
    return this;
  }

  /**
   * Add values of x, the first of which is the layer's input `first`.
   * @param {Float64Array} x
   * @param {number} at
   * @param {number} count
   * @param {number} first
   */
  add(x, at, count, first) {
    const { places, values } = this;
    let n = this.count;
    for (let i = 0; i < count; i++) {
      const value = x[at + i];
      if (value !== 0) {
        places[n] = first + i;
        values[n++] = value;
      }
    }
    this.count = n;
  }

  /**
   * Begin anew with the positive values of x.
   * @param {Float64Array} x
   */
  positive(x) {
    const { places, values } = this;
    let n = 0;
    for (let i = 0; i < x.length; i++) {
      const value = x[i];
      if (value > 0) {
        places[n] = i;
        values[n++] = value;
      }
    }
    this.count = n;
    return this;
  }

  /**
   * Write what a layer makes of the values.
   * @param {Layer} layer
   * @param {number} limit
   * @param {Float64Array} out
   * @param {number} at
   */
  through(layer, limit, out, at) {
    const { room } = this;
    if (!room) return this.throughScript(layer, limit, out, at);
    const { weights, bias, outputs } = room.place(layer);
    if (!this.out.length) this.look();
    room.dense(0, room.values, this.count, weights, bias, outputs, 2 ** -layer.shift, limit, room.out);
    for (let j = 0; j < layer.outputs; j++) out[at + j] = this.out[j];
  }

  /**
   * What `through` does, in script.
   * @param {Layer} layer
   * @param {number} limit
   * @param {Float64Array} out
   * @param {number} at
   */
  throughScript(layer, limit, out, at) {
    const { weight, bias, outputs, shift } = layer;
    const { places, values, count } = this;
    const half = shift ? 2 ** (shift - 1) : 0;
    const scale = 2 ** -shift;
    let j = 0;
    // Four sums at a time are kept in registers.
    for (; j + 4 <= outputs; j += 4) {
      let s0 = bias[j] + half;
      let s1 = bias[j + 1] + half;
      let s2 = bias[j + 2] + half;
      let s3 = bias[j + 3] + half;
      for (let k = 0; k < count; k++) {
        const w = places[k] * outputs + j;
        const value = values[k];
        s0 += value * weight[w];
        s1 += value * weight[w + 1];
        s2 += value * weight[w + 2];
        s3 += value * weight[w + 3];
      }
      out[at + j] = clamp(Math.floor(s0 * scale), -limit, limit);
      out[at + j + 1] = clamp(Math.floor(s1 * scale), -limit, limit);
      out[at + j + 2] = clamp(Math.floor(s2 * scale), -limit, limit);
      out[at + j + 3] = clamp(Math.floor(s3 * scale), -limit, limit);
    }
    for (; j < outputs; j++) {
      let sum = bias[j] + half;
      for (let k = 0; k < count; k++) sum += values[k] * weight[places[k] * outputs + j];
      out[at + j] = clamp(Math.floor(sum * scale), -limit, limit);
    }
  }
}

/** @param {number} x @param {number} low @param {number} high */
export function clamp(x, low, high) {
  return x < low ? low : x > high ? high : x;
}
