/** Layer programs: networks as lists of operations on maps of integers, as they stand in the JSON of a photo model. */

import { VlzError } from "../errors.js";
import { Convolution } from "./convolution.js";

/**
 * @typedef {import("./convolution.js").Maps} Maps
 * @typedef {import("../store.js").Model} Model
 * @typedef {{ op: string, by: number, shift: number, name: string, low: number, high: number, inner: number,
 *   limit: number, stride?: number }} Entry
 * @typedef {{ entry: Entry, convs: Convolution[] }} Op
 */

/** A network that is ready to run. */
export class Program {
  /**
   * @param {Model} model
   * @param {string} name
   */
  constructor(model, name) {
    /** @type {Op[]} */
    this.ops = model.info.programs[name].map((/** @type {Entry} */ entry) => prepared(model, entry));
    const convs = this.ops.flatMap(({ convs: some }) => some);
    /** Whether results depend on no others of the first convolution's than those at their own position. */
    this.pointwise = this.ops[0].entry.op === "conv" && convs.slice(1).every(({ side }) => side === 1);
    this.pointwise &&= this.ops.every(({ entry }) => !entry.op.endsWith("shuffle"));
  }

  /** The rows of the input beside a row's own that results depend on. */
  get halo() {
    let [rows, scale] = [0, 1];
    for (const { entry, convs } of this.ops) {
      if (entry.op === "shuffle") scale *= entry.by;
      if (entry.op === "unshuffle") scale /= entry.by;
      for (const conv of convs) rows += (conv.side >> 1) / scale;
    }
    return Math.ceil(rows);
  }

  /**
   * Return the maps that the program makes.
   * @param {Maps} x
   * @param {number} level of quality
   * @param {number} [half] 0 or 1: only at positions of even or of odd sum, for programs that are `pointwise`
   */
  run(x, level, half = -1) {
    for (const { entry, convs } of this.ops) {
      if (entry.op === "conv") {
        x = convs[0].run(x, half);
        half = -1;
      } else if (entry.op === "residual") x = residual(x, entry, convs);
      else if (entry.op === "clip") x = clip(x, entry.shift, entry.low, entry.high);
      else if (entry.op === "quality") x = withLevel(x, level * 2 ** entry.shift);
      else if (entry.op === "shuffle") x = shuffle(x, entry.by);
      else x = unshuffle(x, entry.by);
    }
    return x;
  }
}

/**
 * @param {Model} model
 * @param {Entry} entry
 * @returns {Op}
 */
function prepared(model, entry) {
  const conv = (/** @type {string} */ name, /** @type {number} */ low, /** @type {number} */ high) => {
    const [weight, bias, shift] = ["weight", "bias", "shift"].map((part) => {
      const array = model.arrays.get(`${name}.${part}`);
      if (!array) throw new VlzError(`its model has no layer ${name}`);
      return array;
    });
    return new Convolution(/** @type {any} */ (weight), /** @type {any} */ (bias.data), /** @type {any} */ (shift.data), low, high);
  };
  if (entry.op === "conv") {
    if ((entry.stride ?? 1) !== 1) throw new VlzError("its model has strides, which the page does not draw");
    return { entry, convs: [conv(entry.name, entry.low, entry.high)] };
  }
  if (entry.op === "residual") {
    const { name, inner, limit } = entry;
    return { entry, convs: [conv(`${name}.first`, 0, inner), conv(`${name}.second`, -limit, limit)] };
  }
  if (!["clip", "quality", "shuffle", "unshuffle"].includes(entry.op)) {
    throw new VlzError(`operation ${entry.op} of its model is unknown: load a newer page`);
  }
  return { entry, convs: [] };
}

/**
 * @param {Maps} x
 * @param {Entry} entry
 * @param {Convolution[]} convs
 */
function residual(x, { shift, low = 0, high, limit }, [first, second]) {
  const added = second.run(first.run(clip(x, shift, low, high)));
  const { data } = added;
  for (let i = 0; i < data.length; i++) {
    const sum = data[i] + x.data[i];
    data[i] = sum < -limit ? -limit : sum > limit ? limit : sum;
  }
  return added;
}

/**
 * Return clamp(round(x / 2^shift), low, high).
 * @param {Maps} x
 * @param {number} shift
 * @param {number} low
 * @param {number} high
 * @returns {Maps}
 */
function clip(x, shift, low, high) {
  const data = new Int32Array(x.data.length);
  const half = (1 << shift) >> 1;
  for (let i = 0; i < data.length; i++) {
    const value = (x.data[i] + half) >> shift;
    data[i] = value < low ? low : value > high ? high : value;
  }
  return { ...x, data };
}

/**
 * Return maps with one more behind them, of one number everywhere.
 * @param {Maps} x
 * @param {number} level
 */
function withLevel(x, level) {
  return joined(x, { ...x, channels: 1, data: new Int32Array(x.rows * x.columns).fill(level) });
}

/**
 * Return the channels of several maps together.
 * @param {...Maps} parts
 * @returns {Maps}
 */
export function joined(...parts) {
  const { rows, columns } = parts[0];
  const channels = parts.reduce((sum, part) => sum + part.channels, 0);
  const data = new Int32Array(rows * columns * channels);
  let first = 0;
  for (const part of parts) {
    for (let place = 0, from = 0; place < rows * columns; place++) {
      for (let c = 0, to = place * channels + first; c < part.channels; c++) data[to + c] = part.data[from++];
    }
    first += part.channels;
  }
  return { data, rows, columns, channels };
}

/**
 * Return maps of `by` times the rows and columns.
 * @param {Maps} x
 * @param {number} by
 * @returns {Maps}
 */
function shuffle(x, by) {
  const [rows, columns, channels] = [x.rows * by, x.columns * by, x.channels / (by * by)];
  const data = new Int32Array(x.data.length);
  for (let row = 0, from = 0; row < x.rows; row++) {
    for (let column = 0; column < x.columns; column++) {
      for (let c = 0; c < channels; c++) {
        for (let r = 0; r < by; r++) {
          let to = ((row * by + r) * columns + column * by) * channels + c;
          for (let k = 0; k < by; k++, to += channels) data[to] = x.data[from++];
        }
      }
    }
  }
  return { data, rows, columns, channels };
}

/**
 * Undo `shuffle`.
 * @param {Maps} x
 * @param {number} by
 * @returns {Maps}
 */
function unshuffle(x, by) {
  const [rows, columns, channels] = [x.rows / by, x.columns / by, x.channels * by * by];
  const data = new Int32Array(x.data.length);
  for (let row = 0, to = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let c = 0; c < x.channels; c++) {
        for (let r = 0; r < by; r++) {
          let from = ((row * by + r) * x.columns + column * by) * x.channels + c;
          for (let k = 0; k < by; k++, from += x.channels) data[to++] = x.data[from];
        }
      }
    }
  }
  return { data, rows, columns, channels };
}
