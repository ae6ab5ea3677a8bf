/** From latents to the pixels of a bilevel picture: features of all pixels at once, then one pixel after the other. */

import { FRACTION, LIMIT, clamp, positive, relu, shuffle } from "../exact/layers.js";
import { philox } from "../exact/philox.js";

/**
 * @typedef {import("../exact/layers.js").Layers} Layers
 * @typedef {import("../exact/layers.js").Maps} Maps
 * @typedef {import("./latents.js").Tables} Tables
 */

/**
 * Return the features of a picture.
 * @param {Layers} layers
 * @param {Float64Array} z
 */
export function features(layers, z) {
  const { height, width } = layers.model.info;
  const x = positive(layers.dense("decoder.spread", positive(layers.dense("decoder.full", z))));
  const [rows, columns] = [height / 4, width / 4];
  /** @type {Maps} */
  let maps = { data: x, rows, columns, channels: x.length / (rows * columns) };
  maps = relu(layers.blocks("decoder.coarse", layers.each("decoder.widen", maps)));
  maps = relu(layers.blocks("decoder.fine", shuffle(layers.each("decoder.up", maps))));
  return shuffle(relu(layers.conv("decoder.out", maps)));
}

/** The network of one pixel, which sees its features and the pixels of its window. */
export class PixelNet {
  /**
   * @param {Layers} layers
   * @param {Tables} tables
   * @param {Maps} features
   */
  constructor(layers, tables, features) {
    this.tables = tables;
    this.features = features;
    const [above, left, right] = layers.model.info.window;
    /** @type {[number, number][]} */
    this.offsets = [];
    for (let r = above; r > 0; r--) for (let c = -left; c <= right; c++) this.offsets.push([-r, c]);
    for (let c = -left; c < 0; c++) this.offsets.push([0, c]);
    this.slant = above ? right + 1 : 0;
    const beside = layers.layer("local.features");
    this.window = layers.layer("local.window");
    // What features add is the same for every draw; it is left unrounded.
    this.beside = unrounded(beside, features);
    this.width = beside.outputs;
    this.half = 2 ** this.window.shift / 2;
    /** @type {import("../exact/dense.js").Layer[]} */
    this.blocks = [];
    for (let i = 0; layers.has(`local.layers.${i}.first`); i++) {
      this.blocks.push(layers.layer(`local.layers.${i}.first`), layers.layer(`local.layers.${i}.second`));
    }
    this.last = layers.layer("local.out");
    this.gathered = layers.gathered;
    this.x = new Float64Array(this.width);
    this.inner = new Float64Array(this.width);
    this.logit = new Float64Array(1);
  }

  /**
   * Return the probability of ink, in units of 2^-24.
   * @param {Uint8Array} pixels of the picture so far
   * @param {number} row
   * @param {number} column
   */
  ink(pixels, row, column) {
    const { x, inner, width, gathered, offsets } = this;
    const { columns } = this.features;
    const { weight, shift } = this.window;
    const start = (row * columns + column) * width;
    for (let j = 0; j < width; j++) x[j] = this.beside[start + j];
    for (let tap = 0; tap < offsets.length; tap++) {
      const [down, across] = [row + offsets[tap][0], column + offsets[tap][1]];
      if (down < 0 || across < 0 || across >= columns || !pixels[down * columns + across]) continue;
      for (let j = 0, w = tap * width; j < width; j++) x[j] += FRACTION * weight[w + j];
    }
    const scale = 2 ** -shift;
    for (let j = 0; j < width; j++) x[j] = clamp(Math.floor((x[j] + this.half) * scale), -LIMIT, LIMIT);
    for (let block = 0; block < this.blocks.length; block += 2) {
      gathered.positive(x).through(this.blocks[block], LIMIT, inner, 0);
      gathered.positive(inner).through(this.blocks[block + 1], LIMIT, inner, 0);
      for (let j = 0; j < width; j++) x[j] = clamp(x[j] + inner[j], -LIMIT, LIMIT);
    }
    gathered.positive(x).through(this.last, 1024, this.logit, 0);
    return this.tables.sigmoid[this.logit[0] + 1024];
  }

  /**
   * Return a picture whose pixels `decide` tells from row, column and probability, along slanted lines.
   * @param {(row: number, column: number, ink: number) => number} decide
   */
  sweep(decide) {
    const { rows, columns } = this.features;
    const pixels = new Uint8Array(rows * columns);
    for (const [row, column] of slanted(rows, columns, this.slant)) {
      pixels[row * columns + column] = decide(row, column, this.ink(pixels, row, column));
    }
    return pixels;
  }

  /**
   * Return a plausible picture.
   * @param {[number, number]} seed low and high word
   * @param {number} number of the picture, of several
   */
  draw([low, high], number) {
    const words = new Uint32Array(4);
    return this.sweep((row, column, ink) =>
      philox(row, column, number, 0x80000000, low, high, words)[0] < 256 * ink ? 1 : 0,
    );
  }

  /**
   * Return the exact picture.
   * @param {import("../coding/interval.js").Interval} interval
   */
  restore(interval) {
    return this.sweep((_row, _column, ink) => interval.pop(ink));
  }
}

/**
 * Return the sums of a layer at every pixel, its bias among them, before they are rounded.
 * @param {import("../exact/dense.js").Layer} layer
 * @param {Maps} x
 */
function unrounded({ weight, bias, outputs }, { data, rows, columns, channels }) {
  const sums = new Float64Array(rows * columns * outputs);
  for (let pixel = 0, from = 0; pixel < rows * columns; pixel++) {
    sums.set(bias, pixel * outputs);
    for (let i = 0; i < channels; i++) {
      const value = data[from++];
      for (let j = 0; value !== 0 && j < outputs; j++) sums[pixel * outputs + j] += value * weight[i * outputs + j];
    }
  }
  return sums;
}

/**
 * Yield rows and columns along the lines on which column + slant row is the same, from the top.
 * @param {number} rows
 * @param {number} columns
 * @param {number} slant
 * @returns {Generator<[number, number]>}
 */
export function* slanted(rows, columns, slant) {
  for (let t = 0; t < columns + slant * (rows - 1); t++) {
    const first = slant ? Math.max(0, Math.ceil((t - columns + 1) / slant)) : 0;
    const last = slant ? Math.min(rows - 1, Math.floor(t / slant)) : rows - 1;
    for (let row = first; row <= last; row++) yield [row, t - slant * row];
  }
}
