/** Models of the windowed family: from a payload to the grid of latents, and from latents to features. */

import { decisions } from "../coding/decisions.js";
import { VlzError } from "../errors.js";
import { LIMIT, clamp, layersOf, relu, shuffle } from "../exact/layers.js";
import { philox } from "../exact/philox.js";
import { Mixture, descend } from "./mixture.js";
import { WindowNet } from "./window_net.js";

const FARTHEST = 2 ** 28;
const SCALES = { 4: ["fine"], 8: ["mid", "fine"], 16: ["coarse", "mid", "fine"] };

/**
 * @typedef {import("../exact/layers.js").Maps} Maps
 * @typedef {import("../bilevel/latents.js").Tables} Tables
 * @typedef {(part: number) => void} Progress
 */

export class WindowedModel {
  /**
   * @param {import("../store.js").Model} model
   * @param {Tables} tables
   */
  constructor(model, tables) {
    const { info } = model;
    this.layers = layersOf(model);
    this.tables = tables;
    /** @type {4 | 8 | 16} */
    this.patch = info.patch ?? 16;
    /** @type {number} */
    this.channels = info.latent;
    this.gates = model.arrays.get("synthesis.gates")?.data;
    this.prior = new WindowNet(this.layers, "prior", info.prior_window, this.channels);
    this.local = new WindowNet(this.layers, "local", info.window, 3);
    const mean = this.layers.layer("synthesis.mean");
    this.mean = { ...mean, shift: mean.shift + 4 };
    this.sharper = 12 - (info.prior_sharper ?? 0);
  }

  /**
   * Return the latents of a file.
   * @param {import("./container.js").WindowedFile} file
   * @param {Progress} progress
   * @returns {Maps}
   */
  grid({ rows: height, columns: width, payload, width: number }, progress) {
    const { channels, prior, tables } = this;
    const [rows, columns] = [height, width].map((side) => Math.max(2, Math.ceil(side / this.patch)));
    const { size, log } = quantisation(number);
    const decide = decisions(payload, 8 * rows * columns * channels);
    const data = new Float64Array(rows * columns * channels);
    const beside = (/** @type {Float64Array} */ inputs, /** @type {number} */ at) => (inputs[at] = 4 * log);
    const words = new Uint32Array(4);
    let done = 0;
    for (const line of prior.lines(rows, columns)) {
      const sums = line.map(([row, column]) => prior.trunk(data, columns, row, column, beside));
      for (let channel = 0; channel < channels; channel++) {
        /** @type {number[]} */
        const dither = [];
        /** @type {number[]} */
        const bases = [];
        const mixtures = line.map(([row, column], i) => {
          const numbers = prior.numbers(sums[i], channel, data, (row * columns + column) * channels);
          const mixture = new Mixture(numbers, tables, this.sharper, 4);
          philox(row, column, channel >> 2, 0x60000000, 0, 0, words);
          dither.push(Math.floor((words[channel & 3] * size) / 2 ** 32));
          bases.push(Math.floor((2 * (mixture.mainMean + dither[i]) + size) / (2 * size)));
          return mixture;
        });
        const half = Math.floor(size / 2);
        descend(mixtures, (i, symbol) => (bases[i] + symbol - 128) * size - dither[i] - half, decide);
        line.forEach(([row, column], i) => {
          const value = (bases[i] + mixtures[i].symbol - 128) * size - dither[i];
          if (Math.abs(value) >= FARTHEST) throw new VlzError("a latent in its coded bits is out of range: damaged");
          data[(row * columns + column) * channels + channel] = value;
        });
      }
      progress((done += line.length) / (rows * columns));
    }
    return { data, rows, columns, channels };
  }

  /**
   * Return the features of each pixel, rows and columns beyond the picture among them.
   * @param {Maps} grid
   * @param {number} number of the quantisation width
   */
  features(grid, number) {
    const { layers, gates, channels } = this;
    const z = gates
      ? { ...grid, data: grid.data.map((value, i) => Math.floor((value * Number(gates[number * channels + (i % channels)]) + 512) / 1024)) }
      : grid;
    const scales = SCALES[this.patch];
    let maps = layers.conv("synthesis.enter", withLog(z, 4 * quantisation(number).log));
    for (const scale of scales) {
      if (scale !== scales[0]) maps = shuffle(layers.each(`synthesis.up_${scale}`, maps));
      maps = relu(layers.blocks(`synthesis.${scale}`, maps));
    }
    maps = shuffle(shuffle(layers.conv("synthesis.out", maps)));
    if (gates) {
      let straight = layers.each("synthesis.straight", z);
      while (straight.rows < maps.rows) straight = shuffle(straight);
      for (let pixel = 0; pixel < maps.rows * maps.columns; pixel++) {
        for (let c = 0; c < straight.channels; c++) {
          const at = pixel * maps.channels + c;
          maps.data[at] = clamp(maps.data[at] + straight.data[pixel * straight.channels + c], -LIMIT, LIMIT);
        }
      }
    }
    return relu(maps);
  }

  /**
   * Return the levels less 128 of the preview.
   * @param {Maps} features
   * @param {number} rows
   * @param {number} columns
   * @returns {Maps}
   */
  preview(features, rows, columns) {
    const data = new Float64Array(rows * columns * 3);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const from = (row * features.columns + column) * features.channels;
        this.layers.gathered.of(features.data, from, features.channels).through(this.mean, 2 ** 20, data, (row * columns + column) * 3);
      }
    }
    return { data: data.map((value) => clamp(value, -128, 127)), rows, columns, channels: 3 };
  }
}

/**
 * Return a quantisation width, and 1024 times its binary logarithm in units of a latent.
 * @param {number} number
 */
export function quantisation(number) {
  const log = 3584 - 73 * number;
  return { size: Math.round(2 ** (10 + log / 1024)), log };
}

/**
 * Return maps with one more behind them, of one number everywhere.
 * @param {Maps} x
 * @param {number} value
 * @returns {Maps}
 */
function withLog(x, value) {
  const channels = x.channels + 1;
  const data = new Float64Array(x.rows * x.columns * channels).fill(value);
  for (let place = 0; place < x.rows * x.columns; place++) {
    data.set(x.data.subarray(place * x.channels, (place + 1) * x.channels), place * channels);
  }
  return { ...x, data, channels };
}
