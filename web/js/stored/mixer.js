/** Adaptive probabilities of decisions: cells of hashed contexts, mixed by weights that learn (docs/format.md, section 15). */

import { CELLS, CONTEXTS } from "./contexts.js";

const [MOST_COUNTED, COUNT_BITS] = [127, 10];
/** Shares by which the probability of a cell moves, by what it has counted. */
const RATES = Float64Array.from({ length: MOST_COUNTED + 1 }, (_, n) => Math.floor(655360 / (10 * n + 12)) / 65536);
/** A cell of probability 1/2 that has counted nothing; cells are kept as differences from it, as memory starts as 0. */
const FRESH = 1 << 31;
const GOAL = 2 ** 22 - 1;
const [BIAS, LOGIT_MOST] = [512, 10240];
/** Half the steps of the format's table of the logistic distribution. */
export const RANGE = 16384;
const WEIGHT_MOST = 2 ** 26;

/**
 * Return the logits, 1/1024, of probabilities 0, 1, ... in units of 2^-bits, where 0 has that of 1.
 * @param {Int32Array} logistic
 * @param {number} bits
 */
export function logits(logistic, bits) {
  const found = new Int16Array(1 << bits);
  for (let share = 1, k = 0; share < found.length; share++) {
    while (logistic[k] < share << (24 - bits)) k++;
    found[share] = k - RANGE;
  }
  found[0] = found[1];
  return found;
}

export class Mixer {
  /**
   * @param {number} questions
   * @param {number} classes sets of weights of a question
   * @param {number[]} start weights at first: of cells, of the bias, and of further inputs
   * @param {number} most decisions of one question
   * @param {import("../store.js").Numbers} logistic the format's table
   */
  constructor(questions, classes, start, most, logistic) {
    this.logistic = Int32Array.from(/** @type {any} */ (logistic.data), Number);
    this.logits = Float64Array.from(logits(this.logistic, 12));
    this.cells = new Uint32Array(CONTEXTS * CELLS);
    this.classes = classes;
    this.size = start.length;
    this.weights = Float64Array.from({ length: questions * classes * start.length }, (_, i) => start[i % start.length]);
    /** Of the decisions of a question: cells, further inputs behind the bias, and sets of weights, which are put in. */
    this.at = new Int32Array(most * CONTEXTS);
    this.inputs = new Float64Array(most * start.length).fill(BIAS);
    this.kinds = new Uint8Array(most);
    /** What was decided. */
    this.bits = new Uint8Array(most);
    this.found = new Uint32Array(most * CONTEXTS);
    this.ones = new Int32Array(most);
    this.gradients = new Float64Array(classes * start.length);
    this.counts = new Int32Array(classes);
  }

  /**
   * Read the decisions of a question, all from what was there before.
   * @param {number} question
   * @param {number} count of decisions
   * @param {import("../coding/range.js").RangeDecoder} coder
   */
  decide(question, count, coder) {
    const { bits, ones } = this;
    this.mix(question, count);
    for (let i = 0; i < count; i++) bits[i] = coder.decide(ones[i]);
    this.move(count);
    this.learn(question);
  }

  /**
   * Find P(1), in units of 2^-24, of the decisions of a question.
   * @param {number} question
   * @param {number} count
   */
  mix(question, count) {
    const { at, cells, found, inputs, kinds, logits, logistic, weights, ones, classes, size } = this;
    for (let i = 0; i < count * CONTEXTS; i++) found[i] = cells[at[i]] ^ FRESH;
    for (let i = 0, place = 0, own = 0; i < count; i++, place += CONTEXTS, own += size) {
      const w = (question * classes + kinds[i]) * size;
      let sum = 0;
      for (let c = 0; c < CONTEXTS; c++) {
        const logit = logits[found[place + c] >>> 20];
        inputs[own + c] = logit;
        sum += logit * weights[w + c];
      }
      for (let c = CONTEXTS; c < size; c++) sum += inputs[own + c] * weights[w + c];
      ones[i] = logistic[RANGE + Math.max(-LOGIT_MOST, Math.min(LOGIT_MOST, Math.floor(sum / 65536)))];
    }
  }

  /**
   * Move cells along by what was decided, and note what weights should learn of it.
   * @param {number} count
   */
  move(count) {
    const { at, cells, found, inputs, kinds, bits, ones, gradients, counts, size } = this;
    for (let i = 0, place = 0, own = 0; i < count; i++, own += size) {
      const error = ((bits[i] << 24) - ones[i]) >> 12;
      const goal = bits[i] * GOAL;
      counts[kinds[i]]++;
      for (let c = 0, g = kinds[i] * size; c < size; c++, g++) gradients[g] += error * inputs[own + c];
      for (const end = place + CONTEXTS; place < end; place++) {
        const share = found[place] >>> COUNT_BITS;
        const counted = found[place] & ((1 << COUNT_BITS) - 1);
        const moved = (share + (goal - share) * RATES[counted]) | 0;
        cells[at[place]] = ((moved << COUNT_BITS) | Math.min(MOST_COUNTED, counted + 1)) ^ FRESH;
      }
    }
  }

  /**
   * Move weights along by what was noted.
   * @param {number} question
   */
  learn(question) {
    const { weights, gradients, counts, classes, size } = this;
    for (let kind = 0; kind < classes; kind++) {
      if (!counts[kind]) continue;
      const divisor = 4096 * Math.floor(Math.sqrt(counts[kind]));
      const w = (question * classes + kind) * size;
      for (let i = 0; i < size; i++) {
        const weight = weights[w + i] + Math.floor(gradients[kind * size + i] / divisor);
        weights[w + i] = Math.max(-WEIGHT_MOST, Math.min(WEIGHT_MOST, weight));
      }
      gradients.fill(0, kind * size, (kind + 1) * size);
      counts[kind] = 0;
    }
  }
}
