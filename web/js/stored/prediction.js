/** Samples of a picture bit by bit, by predictions from their surroundings (docs/format.md, section 15). */

import { CELLS, CONTEXTS, SHIFT, hashed } from "./contexts.js";
import { Mixer, RANGE, logits } from "./mixer.js";
import { FEATURES, Planes } from "./planes.js";
import { Global, Local } from "./regression.js";

/** Bits of a sample, and parts of a level in which predictions are. */
const [BITS, PARTS] = [8, 16];
/** Predictions of a sample; behind their errors those of their mean are kept. */
const PREDICTIONS = 3;
const ERRORS = PREDICTIONS + 1;
const [LEAST, STEEPNESS] = [68, 29013];
/** Sums of errors that part classes of weights. */
const EDGES = Int32Array.of(80, 96, 120, 160, 240, 400, 800);
const CLASSES = EDGES.length + 1;
/** The upper end of a distribution's values: that of the table, and 1. */
const END = 2 ** 24 - 1;
const [LOGIT_BITS, UNIT] = [16, 65536];
/** Weights at first: of cells, of the bias, and of the predictions. */
const WEIGHTS = [...Array(CONTEXTS + 1).fill(0), ...Array(PREDICTIONS).fill(Math.floor(UNIT / PREDICTIONS))];
const [SPREAD, NODE] = [0x9e3779b1, 0x2c1b3c6d];
/** Steps from one time to the next at which moments near 0 become 0. */
const FLUSHED = 64;

export class Prediction {
  /**
   * @param {number} count of planes
   * @param {number} height
   * @param {number} width
   * @param {import("../store.js").Numbers} logistic the format's table
   */
  constructor(count, height, width, logistic) {
    this.planes = new Planes(count, height, width);
    const { most, samples } = this.planes;
    const rows = count * (height + 1);
    this.narrow = new Local(rows, 4, 5 / 8, 1 / 2);
    this.wide = new Local(rows, 12, 29 / 32, 13 / 16);
    this.globals = Array.from({ length: count }, () => new Global(FEATURES));
    this.mixer = new Mixer(BITS, count * CLASSES, WEIGHTS, most, logistic);
    this.logits = logits(this.mixer.logistic, LOGIT_BITS);
    /** Errors of the predictions of each sample and of their mean, one behind the other. */
    this.errors = new Uint16Array(samples.length * ERRORS);
    // Of the samples of a step: their features, predictions, means, and what is asked of them.
    this.features = new Float64Array(most * FEATURES);
    this.predicted = new Float64Array(most * PREDICTIONS);
    this.steepness = new Float64Array(most * PREDICTIONS);
    this.means = new Int32Array(most);
    this.contexts = new Int32Array(most * CONTEXTS);
    this.low = new Int32Array(most);
    /** The distributions' values at the ends of what a sample is known to lie in. */
    this.below = new Float64Array(most * PREDICTIONS);
    this.above = new Float64Array(most * PREDICTIONS);
    this.middles = new Float64Array(most * PREDICTIONS);
    this.sums = new Float64Array(ERRORS);
  }

  /**
   * Return the planes, filled.
   * @param {import("../coding/range.js").RangeDecoder} coder
   * @param {((part: number) => void) | undefined} progress
   */
  decode(coder, progress) {
    const { planes, globals } = this;
    for (let time = 0; time < planes.steps; time++) {
      const parts = planes.parts(time);
      if (!parts.length) continue;
      let end = 0;
      for (const part of parts) {
        this.predict(part, end);
        end += part.count;
      }
      this.read(end, coder);
      let slot = 0;
      for (const part of parts) {
        this.learn(part, slot);
        planes.extend(part, time);
        slot += part.count;
      }
      if (time % 2 === 0) for (const one of globals) one.renew();
      if (time % FLUSHED === 0) {
        this.narrow.flush();
        this.wide.flush();
        progress?.(time / planes.steps);
      }
    }
    return planes;
  }

  /**
   * Predict samples of a step, from the lowest to the highest.
   * @param {import("./planes.js").Part} part
   * @param {number} slot number of the first one in the step
   */
  predict({ plane, first, count, at }, slot) {
    const { planes, features, predicted, narrow, wide, globals } = this;
    const global = globals[plane];
    for (let i = count - 1; i >= 0; i--) {
      const place = at + i * planes.down;
      const own = (slot + i) * FEATURES;
      planes.features(plane, place, features, own);
      const base = planes.base(place);
      const row = plane * (planes.height + 1) + first + i + 1;
      const p = (slot + i) * PREDICTIONS;
      predicted[p] = inParts(narrow.predict(row, features, own) + base);
      predicted[p + 1] = inParts(wide.predict(row, features, own) + base);
      predicted[p + 2] = inParts(global.predict(features, own) + base);
      this.weigh(plane, place, slot + i);
    }
  }

  /**
   * Find the mean of a sample's predictions, and what their errors around it say.
   * @param {number} plane
   * @param {number} place of the sample
   * @param {number} slot
   */
  weigh(plane, place, slot) {
    const { planes, errors, predicted, steepness, sums } = this;
    const west = (place - 1) * ERRORS;
    const north = (place - planes.stride) * ERRORS;
    const above = (place - 2 * planes.stride) * ERRORS;
    for (let i = 0; i < ERRORS; i++) {
      const beside = 4 * (errors[west + i] + errors[north + i]) + 2 * (errors[north - ERRORS + i] + errors[west - ERRORS + i]);
      sums[i] = LEAST + beside + 3 * errors[north + ERRORS + i] + 2 * errors[above + i];
    }
    const p = slot * PREDICTIONS;
    const [share0, share1, share2] = [1 / (sums[0] * sums[0]), 1 / (sums[1] * sums[1]), 1 / (sums[2] * sums[2])];
    const total = predicted[p] * share0 + predicted[p + 1] * share1 + predicted[p + 2] * share2;
    const mean = Math.floor(total / (share0 + share1 + share2) + 0.5);
    for (let i = 0; i < PREDICTIONS; i++) steepness[p + i] = STEEPNESS / sums[i];
    let kind = 0;
    while (kind < EDGES.length && EDGES[kind] <= sums[PREDICTIONS]) kind++;
    this.means[slot] = mean;
    this.mixer.kinds[slot] = plane * CLASSES + kind;
    this.surround(plane, place, slot, (mean + PARTS / 2) >> 4, kind);
  }

  /**
   * Prepare the contexts of a sample: what is hashed apart from the node.
   * @param {number} plane
   * @param {number} place of the sample
   * @param {number} slot
   * @param {number} level the mean prediction
   * @param {number} kind how uncertain it is
   */
  surround(plane, place, slot, level, kind) {
    const { contexts } = this;
    const { samples, stride, size } = this.planes;
    const first = plane > 0 ? samples[place - size] : 0;
    const both = (first << 8) | (plane > 1 ? samples[place - 2 * size] : 0);
    const west = samples[place - 1];
    const at = slot * CONTEXTS;
    contexts[at] = first;
    contexts[at + 1] = both;
    contexts[at + 2] = (first << 8) | level;
    contexts[at + 3] = (both << 8) | level;
    contexts[at + 4] = (level << 8) | kind;
    contexts[at + 5] = (west << 8) | samples[place - stride];
    contexts[at + 6] = (first << 16) | (west << 8) | level;
    contexts[at + 7] = (both << 8) | west;
    for (let c = at; c < at + CONTEXTS; c++) contexts[c] = Math.imul((contexts[c] << 2) | plane, SPREAD);
  }

  /**
   * Read the samples of a step, bit by bit from the highest on.
   * @param {number} end how many there are
   * @param {import("../coding/range.js").RangeDecoder} coder
   */
  read(end, coder) {
    const { mixer, low, below, above, middles } = this;
    low.fill(0, 0, end);
    below.fill(0, 0, end * PREDICTIONS);
    above.fill(END, 0, end * PREDICTIONS);
    for (let bit = 0; bit < BITS; bit++) {
      const half = 1 << (BITS - 1 - bit);
      for (let slot = 0; slot < end; slot++) this.ask(bit, slot);
      mixer.decide(bit, end, coder);
      for (let slot = 0, p = 0; slot < end; slot++) {
        low[slot] += half * mixer.bits[slot];
        const side = mixer.bits[slot] ? below : above;
        for (let i = 0; i < PREDICTIONS; i++, p++) side[p] = middles[p];
      }
    }
  }

  /**
   * Put the cells and the further inputs of a sample's bit into the mixer.
   * @param {number} bit
   * @param {number} slot
   */
  ask(bit, slot) {
    const { mixer, logits, predicted, steepness, below, above, middles, contexts, low } = this;
    const { logistic, inputs, at, size } = mixer;
    const middle = PARTS * (low[slot] + (1 << (BITS - 1 - bit))) - PARTS / 2;
    for (let i = slot * size + CONTEXTS + 1, p = slot * PREDICTIONS; i < (slot + 1) * size; i++, p++) {
      const step = Math.floor((middle - predicted[p]) * steepness[p]);
      const ending = logistic[RANGE + Math.max(-RANGE, Math.min(RANGE, step))];
      middles[p] = ending;
      const share = ((above[p] - ending + 1) / (above[p] - below[p] + 2)) * UNIT;
      inputs[i] = logits[Math.floor(share)];
    }
    const node = Math.imul((low[slot] >> (BITS - bit)) + (1 << bit), NODE);
    for (let c = 0, own = slot * CONTEXTS; c < CONTEXTS; c++, own++) {
      at[own] = c * CELLS + (hashed((contexts[own] + node) | 0) >>> SHIFT);
    }
  }

  /**
   * Store samples of a step with their errors, and learn from them.
   * @param {import("./planes.js").Part} part
   * @param {number} slot number of the first one in the step
   */
  learn({ plane, first, count, at }, slot) {
    const { planes, features, predicted, means, errors, low, narrow, wide, globals } = this;
    const global = globals[plane];
    for (let i = 0, place = at; i < count; i++, slot++, place += planes.down) {
      const sample = low[slot];
      const own = slot * FEATURES;
      const row = plane * (planes.height + 1) + first + i + 1;
      const target = 2 * sample - planes.base(place);
      narrow.learn(row, features, own, target);
      wide.learn(row, features, own, target);
      global.learn(features, own, target);
      const error = place * ERRORS;
      for (let k = 0; k < PREDICTIONS; k++) errors[error + k] = Math.abs(PARTS * sample - predicted[slot * PREDICTIONS + k]);
      errors[error + PREDICTIONS] = Math.abs(PARTS * sample - means[slot]);
      planes.samples[place] = sample;
    }
    global.add();
  }
}

/**
 * Return a prediction as a whole number of parts of a level.
 * @param {number} level
 */
function inParts(level) {
  return Math.max(0, Math.min(255 * PARTS, Math.floor((level * PARTS) / 2 + 0.5)));
}
