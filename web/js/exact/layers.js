/**
 * The exact layers of the bilevel and the windowed family: numbers are whole, below 2^53, and a double holds each.
 *
 * Maps are rows of pixels of channels, one behind the other, in a Float64Array.
 */

import { Gathered, clamp } from "./dense.js";

export { clamp };
export const FRACTION = 1024;
export const LIMIT = 2 ** 19 - 1;

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {import("./dense.js").Layer} Layer
 * @typedef {{ data: Float64Array, rows: number, columns: number, channels: number }} Maps
 */

/** @type {WeakMap<Model, Layers>} */
const ready = new WeakMap();

/**
 * Return the layers of a model, made once.
 * @param {Model} model
 */
export function layersOf(model) {
  const layers = ready.get(model) ?? new Layers(model);
  ready.set(model, layers);
  return layers;
}

/** The layers of a model by name. */
export class Layers {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    /** @type {Map<string, Layer>} */
    this.kept = new Map();
    const sides = [...model.arrays].filter(([name]) => name.endsWith(".weight")).flatMap(([, { shape }]) => shape);
    this.gathered = new Gathered((sides.reduce((a, b) => Math.max(a, b), 0) + 7) & -8);
  }

  /** @param {string} name */
  has(name) {
    return this.model.arrays.has(`${name}.weight`);
  }

  /** @param {string} name @returns {Layer} */
  layer(name) {
    let layer = this.kept.get(name);
    if (!layer) {
      const weight = /** @type {import("../store.js").Numbers} */ (this.model.arrays.get(`${name}.weight`));
      const bias = this.model.arrays.get(`${name}.bias`);
      layer = {
        weight: Float64Array.from(weight.data, Number),
        bias: bias ? Float64Array.from(bias.data, Number) : new Float64Array(weight.shape[1]),
        inputs: weight.shape[0],
        outputs: weight.shape[1],
        shift: this.model.info.shifts[name],
      };
      this.kept.set(name, layer);
    }
    return layer;
  }

  /**
   * Return a plain layer of a vector.
   * @param {string} name
   * @param {Float64Array} x
   * @param {number} [limit]
   */
  dense(name, x, limit = LIMIT) {
    const layer = this.layer(name);
    const out = new Float64Array(layer.outputs);
    this.gathered.of(x, 0, layer.inputs).through(layer, limit, out, 0);
    return out;
  }

  /**
   * Return a plain layer at every pixel.
   * @param {string} name
   * @param {Maps} x
   * @returns {Maps}
   */
  each(name, x) {
    const layer = this.layer(name);
    const data = new Float64Array(x.rows * x.columns * layer.outputs);
    for (let pixel = 0; pixel < x.rows * x.columns; pixel++) {
      this.gathered.of(x.data, pixel * x.channels, x.channels).through(layer, LIMIT, data, pixel * layer.outputs);
    }
    return { ...x, data, channels: layer.outputs };
  }

  /**
   * Return a convolution of 3 x 3 pixels.
   * @param {string} name
   * @param {Maps} x
   * @param {number} [stride]
   * @returns {Maps}
   */
  conv(name, x, stride = 1) {
    const layer = this.layer(name);
    const { rows, columns, channels } = x;
    const [down, across] = [Math.ceil(rows / stride), Math.ceil(columns / stride)];
    const data = new Float64Array(down * across * layer.outputs);
    for (let row = 0, at = 0; row < rows; row += stride) {
      for (let column = 0; column < columns; column += stride, at += layer.outputs) {
        this.gathered.count = 0;
        for (let r = Math.max(row - 1, 0); r <= Math.min(row + 1, rows - 1); r++) {
          for (let c = Math.max(column - 1, 0); c <= Math.min(column + 1, columns - 1); c++) {
            const tap = (r - row + 1) * 3 + c - column + 1;
            this.gathered.add(x.data, (r * columns + c) * channels, channels, tap * channels);
          }
        }
        this.gathered.through(layer, LIMIT, data, at);
      }
    }
    return { data, rows: down, columns: across, channels: layer.outputs };
  }

  /**
   * Return residual blocks of convolutions, as many as there are.
   * @param {string} name
   * @param {Maps} x
   */
  blocks(name, x) {
    for (let index = 0; this.has(`${name}.${index}.first`); index++) {
      const inner = relu(this.conv(`${name}.${index}.first`, relu(x)));
      x = { ...x, data: added(x.data, this.conv(`${name}.${index}.second`, inner).data) };
    }
    return x;
  }
}

/** @param {Float64Array} x */
export function positive(x) {
  return x.map((value) => (value > 0 ? value : 0));
}

/** @param {Maps} x @returns {Maps} */
export function relu(x) {
  return { ...x, data: positive(x.data) };
}

/** @param {Float64Array} x @param {Float64Array} y */
export function added(x, y) {
  return x.map((value, i) => clamp(value + y[i], -LIMIT, LIMIT));
}

/**
 * Return maps of twice the rows and columns and a fourth of the channels.
 * @param {Maps} x
 * @returns {Maps}
 */
export function shuffle(x) {
  const channels = x.channels / 4;
  const columns = 2 * x.columns;
  const data = new Float64Array(x.data.length);
  for (let row = 0, at = 0; row < x.rows; row++) {
    for (let column = 0; column < x.columns; column++) {
      for (let c = 0; c < channels; c++) {
        for (let k = 0; k < 4; k++, at++) {
          data[((2 * row + (k >> 1)) * columns + 2 * column + (k & 1)) * channels + c] = x.data[at];
        }
      }
    }
  }
  return { data, rows: 2 * x.rows, columns, channels };
}
