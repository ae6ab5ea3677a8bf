/** The network that makes one probability of a neighbourhood and its counts, and whose last layer goes on learning. */

import { MOST } from "./contexts.js";

const [WINDOW_ROWS, WINDOW_COLUMNS] = [5, 16];
const ONE = 64;
const ACTIVE_MOST = 1023;
const LOGIT_SHIFT = 2 ** 16;
const RANGE = 16384;
const STEADY = 128;
const RATE = 2 ** 17;
const HEAD_MOST = 2 ** 26;

/**
 * A layer: its weights input by input, its bias with the half of the rounding, its divisor.
 * @typedef {{ weight: Int32Array, bias: Float64Array, divisor: number }} Layer
 */

export class Mixer {
  /**
   * @param {import("../store.js").Model} model
   * @param {import("../store.js").Numbers} logistic the format's table
   */
  constructor({ info, arrays }, logistic) {
    const array = (/** @type {string} */ name) => Int32Array.from(/** @type {any} */ (arrays.get(name)).data, Number);
    const layer = (/** @type {string} */ name) => {
      const divisor = 2 ** info.shifts[name];
      return { weight: array(`${name}.weight`), bias: Float64Array.from(array(`${name}.bias`), (b) => b + divisor / 2), divisor };
    };
    this.logistic = logistic.data;
    this.logs = array("logs");
    /** @type {Layer} */
    this.enter = layer("enter");
    /** @type {Layer} */
    this.hidden = layer("hidden");
    this.head = Float64Array.from(array("head"));
    this.inner = new Float64Array(this.enter.bias.length);
    this.sums = new Float64Array(Math.max(this.enter.bias.length, this.hidden.bias.length));
    this.features = new Float64Array(this.enter.weight.length / this.enter.bias.length);
  }

  /**
   * Return P(ink) in units of 2^-24, and put what the last layer reads into an array, from a place on.
   * @param {Uint32Array} near
   * @param {Int32Array} cells
   * @param {number} first of the pixel's cells
   * @param {import("./contexts.js").Counts} counts
   * @param {Float64Array} inputs
   * @param {number} place
   */
  one(near, cells, first, counts, inputs, place) {
    const { features, logs, head } = this;
    let i = 0;
    for (let row = 0; row < WINDOW_ROWS; row++) {
      for (let bit = 0; bit < WINDOW_COLUMNS; bit++) features[i++] = (near[row] >>> bit) & 1;
    }
    const window = i;
    for (const kind of [counts.paper, counts.ink]) {
      for (let t = 0; t < counts.templates; t++) features[i++] = logs[Math.min(MOST, kind[cells[first + t]])];
    }
    this.apply(this.enter, features, this.inner, 0);
    this.apply(this.hidden, this.inner, inputs, place);
    const top = this.hidden.bias.length;
    for (let k = window; k < i; k++) inputs[place + top + k - window] = features[k];
    inputs[place + head.length - 1] = ONE;
    let sum = LOGIT_SHIFT / 2;
    for (let k = 0; k < head.length; k++) sum += head[k] * inputs[place + k];
    return Number(this.logistic[RANGE + Math.max(-RANGE, Math.min(RANGE, Math.floor(sum / LOGIT_SHIFT)))]);
  }

  /**
   * Put a layer's activations into an array, from a place on.
   * @param {Layer} layer
   * @param {Float64Array} from
   * @param {Float64Array} to
   * @param {number} place
   */
  apply({ weight, bias, divisor }, from, to, place) {
    const { sums } = this;
    const units = bias.length;
    sums.set(bias);
    for (let i = 0, w = 0; i < from.length; i++, w += units) {
      const value = from[i];
      if (value) for (let k = 0; k < units; k++) sums[k] += value * weight[w + k];
    }
    for (let k = 0; k < units; k++) to[place + k] = Math.max(0, Math.min(ACTIVE_MOST, Math.floor(sums[k] / divisor)));
  }

  /**
   * Move the last layer along the gradient of the code length of some pixels.
   * @param {Float64Array} inputs of all of them
   * @param {Float64Array} errors of their probabilities, 2^-12
   * @param {number} count
   */
  learn(inputs, errors, count) {
    const { head } = this;
    const size = head.length;
    let energy = 0;
    for (let i = 0; i < count * size; i++) energy += inputs[i] * inputs[i];
    const below = Math.floor(energy / count) * Math.max(STEADY, count);
    for (let k = 0; k < size; k++) {
      let gradient = 0;
      for (let n = 0; n < count; n++) gradient += errors[n] * inputs[n * size + k];
      head[k] = Math.max(-HEAD_MOST, Math.min(HEAD_MOST, head[k] + quotient(gradient * RATE, below)));
    }
  }
}

/**
 * Return a quotient rounded down, of whole numbers below 2^53.
 * @param {number} a
 * @param {number} b above 0
 */
export function quotient(a, b) {
  const found = Math.floor(a / b);
  return found * b > a ? found - 1 : found;
}
