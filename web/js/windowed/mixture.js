/** Mixtures of discretised logistic distributions, and the decisions that choose a symbol of one. */

import { clamp } from "../exact/dense.js";

const TOP = 2 ** 24;
const LEVELS = 8;
const REACH = 16384;

/**
 * @typedef {import("../bilevel/latents.js").Tables} Tables
 */

/** A distribution. */
export class Mixture {
  /**
   * @param {Float64Array} outputs logits, means and logarithms of inverse scales
   * @param {Tables} tables
   * @param {number} shift of the product of an edge and an inverse scale
   * @param {number} [unit] what means are multiplied by
   * @param {number} [heat] temperature in units of 2^-10
   */
  constructor(outputs, tables, shift, unit = 1, heat = 1024) {
    const size = outputs.length / 3;
    this.logistic = tables.logistic;
    this.scale = 2 ** -shift;
    const logits = outputs.slice(0, size);
    if (heat > 0 && heat < 1024) for (let k = 0; k < size; k++) logits[k] = Math.floor(logits[k] * (1024 / heat));
    const most = logits.reduce((a, b) => Math.max(a, b));
    this.weights = logits.map((logit) => tables.exp[clamp(logit - most, -5120, 0) + 5120]);
    this.means = outputs.slice(size, 2 * size).map((mean) => unit * mean);
    this.inverses = outputs.slice(2 * size).map((log) => tables.exp[clamp(log, -5120, 1024) + 5120]);
    this.sum = this.weights.reduce((a, b) => a + b);
    this.symbol = 0;
    this.low = 0;
    this.high = this.sum * TOP;
    this.middle = 0;
  }

  /** @param {number} edge */
  cumulative(edge) {
    const { weights, means, inverses, logistic, scale } = this;
    let sum = 0;
    for (let k = 0; k < weights.length; k++) {
      const step = Math.floor((edge - means[k]) * inverses[k] * scale);
      sum += weights[k] * logistic[(step < -REACH ? -REACH : step > REACH ? REACH : step) + REACH];
    }
    return sum;
  }

  /** The mean of the component of the largest weight, of equal ones the first. */
  get mainMean() {
    let best = 0;
    for (let k = 1; k < this.weights.length; k++) if (this.weights[k] > this.weights[best]) best = k;
    return this.means[best];
  }

  /** The mean, rounded down. */
  get mean() {
    return Math.floor(this.weights.reduce((sum, weight, k) => sum + weight * this.means[k], 0) / this.sum);
  }
}

/**
 * Choose the symbols of several distributions, all their first decisions first.
 * @param {Mixture[]} mixtures whose `symbol` is written
 * @param {(index: number, symbol: number) => number} edge
 * @param {(one: number) => number} decide
 */
export function descend(mixtures, edge, decide) {
  for (let level = 0; level < LEVELS; level++) {
    const half = 128 >> level;
    for (let i = 0; i < mixtures.length; i++) {
      const one = mixtures[i];
      const middle = one.cumulative(edge(i, one.symbol + half));
      const share = (one.high - middle + 1) / (one.high - one.low + 2);
      if (decide(clamp(Math.floor(share * TOP), 1, TOP - 1))) {
        one.symbol += half;
        one.low = middle;
      } else one.high = middle;
    }
  }
}
