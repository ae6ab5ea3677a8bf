/** Adaptive probabilities of decisions: cells of hashed contexts, mixed by weights that learn (docs/format.md, section 15). */

import { CELLS, CONTEXTS } from "./contexts.js";

const INPUTS = CONTEXTS + 1;
const CLASSES = 8;
const [MOST_COUNTED, COUNT_BITS] = [127, 10];
const RATES = Float64Array.from({ length: MOST_COUNTED + 1 }, (_, n) => Math.floor(655360 / (10 * n + 12)));
/** A cell of probability 1/2 that has counted nothing; cells are kept as differences from it, as memory starts as 0. */
const FRESH = 1 << 31;
const GOAL = 2 ** 22 - 1;
const [BIAS, START, LOGIT_MOST, RANGE] = [512, 18000, 10240, 16384];
const WEIGHT_MOST = 2 ** 26;

export class Mixer {
  /**
   * @param {number} questions
   * @param {number} most decisions of one question
   * @param {import("../store.js").Numbers} logistic the format's table
   */
  constructor(questions, most, logistic) {
    this.logistic = Int32Array.from(/** @type {any} */ (logistic.data), Number);
    this.logits = new Int16Array(1 << 12);
    for (let share = 1, k = 0; share < this.logits.length; share++) {
      while (this.logistic[k] < share << 12) k++;
      this.logits[share] = k - RANGE;
    }
    this.logits[0] = this.logits[1];
    this.cells = new Uint32Array(CONTEXTS * CELLS);
    this.weights = new Float64Array(questions * CLASSES * INPUTS).fill(START);
    for (let i = CONTEXTS; i < this.weights.length; i += INPUTS) this.weights[i] = 0;
    /** Cells of the decisions of a question. */
    this.at = new Int32Array(most * CONTEXTS);
    this.found = new Uint32Array(most * CONTEXTS);
    this.inputs = new Int32Array(INPUTS).fill(BIAS);
    this.gradients = new Float64Array(CLASSES * INPUTS);
    this.counts = new Int32Array(CLASSES);
  }

  /**
   * Return P(1), in units of 2^-24, of the next decision of a question.
   * @param {number} question
   * @param {number} kind which of its sets of weights
   * @param {number} place of its cells
   */
  one(question, kind, place) {
    const { at, cells, found, inputs, logits, weights } = this;
    let w = (question * CLASSES + kind) * INPUTS;
    let sum = BIAS * weights[w + CONTEXTS];
    for (let c = 0; c < CONTEXTS; c++) {
      const cell = cells[at[place + c]] ^ FRESH;
      found[place + c] = cell;
      inputs[c] = logits[cell >>> 20];
      sum += inputs[c] * weights[w++];
    }
    return this.logistic[RANGE + Math.max(-LOGIT_MOST, Math.min(LOGIT_MOST, Math.floor(sum / 65536)))];
  }

  /**
   * Note what was decided.
   * @param {number} kind
   * @param {number} place
   * @param {number} one the probability that it had
   * @param {number} decision
   */
  note(kind, place, one, decision) {
    const { found, inputs, gradients } = this;
    const error = ((decision << 24) - one) >> 12;
    for (let i = 0, g = kind * INPUTS; i < INPUTS; i++) gradients[g++] += error * inputs[i];
    this.counts[kind]++;
    const goal = decision ? GOAL : 0;
    for (let i = place; i < place + CONTEXTS; i++) {
      const share = found[i] >>> COUNT_BITS;
      const count = found[i] & ((1 << COUNT_BITS) - 1);
      const moved = share + Math.floor(((goal - share) * RATES[count]) / 65536);
      found[i] = (moved << COUNT_BITS) | Math.min(MOST_COUNTED, count + 1);
    }
  }

  /**
   * Move cells and weights along by what was noted of a question.
   * @param {number} question
   * @param {number} end of the places of its decisions
   */
  learn(question, end) {
    const { at, cells, found, weights, gradients, counts } = this;
    for (let i = 0; i < end; i++) cells[at[i]] = found[i] ^ FRESH;
    for (let kind = 0; kind < CLASSES; kind++) {
      if (!counts[kind]) continue;
      const divisor = 4096 * Math.floor(Math.sqrt(counts[kind]));
      const w = (question * CLASSES + kind) * INPUTS;
      for (let i = 0; i < INPUTS; i++) {
        const weight = weights[w + i] + Math.floor(gradients[kind * INPUTS + i] / divisor);
        weights[w + i] = Math.max(-WEIGHT_MOST, Math.min(WEIGHT_MOST, weight));
      }
      gradients.fill(0, kind * INPUTS, (kind + 1) * INPUTS);
      counts[kind] = 0;
    }
  }
}
