/** From latents to the pixels of a bilevel picture: features of all pixels at once, then one pixel after the other. */

import { FRACTION, accumulate, added, clamp, positive, relu, rescale, shuffle } from "../exact/layers.js";
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
    this.layers = layers;
    this.tables = tables;
    this.features = features;
    const [above, left, right] = layers.model.info.window;
    /** @type {[number, number][]} */
    this.offsets = [];
    for (let r = above; r > 0; r--) for (let c = -left; c <= right; c++) this.offsets.push([-r, c]);
    for (let c = -left; c < 0; c++) this.offsets.push([0, c]);
    this.slant = above ? right + 1 : 0;
  }

  /**
   * Return the probability of ink, in units of 2^-24.
   * @param {Uint8Array} pixels of the picture so far
   * @param {number} row
   * @param {number} column
   */
  ink(pixels, row, column) {
    const { columns, channels, data } = this.features;
    const beside = this.layers.layer("local.features");
    const { weight, shift } = this.layers.layer("local.window");
    const sums = Float64Array.from(beside.bias);
    accumulate(beside, data, (row * columns + column) * channels, channels, 0, sums);
    this.offsets.forEach(([r, c], tap) => {
      const across = column + c;
      if (row + r < 0 || across < 0 || across >= columns || !pixels[(row + r) * columns + across]) return;
      for (let j = 0, w = tap * sums.length; j < sums.length; j++) sums[j] += FRACTION * weight[w + j];
    });
    const x = this.layers.plainBlocks("local.layers", rescale(sums, shift, 2 ** 19 - 1));
    const logit = this.layers.dense("local.out", positive(x), 1024)[0];
    return this.tables.sigmoid[logit + 1024];
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
