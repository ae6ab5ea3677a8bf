/** Pixels of the windowed family: drawn with noise or near their mean, or read exactly. */

import { decisions } from "../coding/decisions.js";
import { clamp } from "../exact/dense.js";
import { philox } from "../exact/philox.js";
import { Mixture, descend } from "./mixture.js";

const SHIFT = 7;

/**
 * @typedef {import("../exact/layers.js").Maps} Maps
 * @typedef {import("./model.js").WindowedModel} WindowedModel
 * @typedef {import("./container.js").WindowedFile} WindowedFile
 * @typedef {(line: [number, number][], channel: number, mixtures: Mixture[]) => number[]} Choose
 *   levels less 128 of a channel of the places of a line
 */

/**
 * Return the levels less 128 of a picture.
 * @param {WindowedModel} model
 * @param {WindowedFile} file
 * @param {Maps} features
 * @param {{ exact: boolean, heat: number, choose: Choose, progress: (part: number) => void }} told
 * @returns {Maps}
 */
function sweep(model, { rows, columns, grey }, features, { exact, heat, choose, progress }) {
  const { local, tables } = model;
  const data = new Float64Array(rows * columns * 3);
  let done = 0;
  for (const line of local.lines(rows, columns)) {
    const sums = line.map(([row, column]) =>
      local.trunk(data, columns, row, column, (inputs, at) => {
        const from = (row * features.columns + column) * features.channels;
        for (let i = 0; i < features.channels; i++) inputs[at + i] = features.data[from + i];
        inputs[at + features.channels] = exact ? 0 : 1024;
      }),
    );
    for (let channel = 0; channel < (grey ? 1 : 3); channel++) {
      const places = line.map(([row, column]) => (row * columns + column) * 3);
      const mixtures = places.map((at, i) => new Mixture(local.numbers(sums[i], channel, data, at), tables, SHIFT, 1, heat));
      choose(line, channel, mixtures).forEach((value, i) => data.fill(value, places[i] + channel, places[i] + (grey ? 3 : channel + 1)));
    }
    progress((done += line.length) / (rows * columns));
  }
  return { data, rows, columns, channels: 3 };
}

/**
 * Return the exact levels less 128.
 * @param {WindowedModel} model
 * @param {WindowedFile} file
 * @param {Maps} features
 * @param {(part: number) => void} progress
 */
export function readExact(model, file, features, progress) {
  const residual = /** @type {Uint8Array} */ (file.residual);
  const decide = decisions(residual, 8 * file.rows * file.columns * (file.grey ? 1 : 3));
  const edge = (/** @type {number} */ _, /** @type {number} */ symbol) => 32 * (symbol - 128) - 16;
  /** @type {Choose} */
  const choose = (_line, _channel, mixtures) => {
    descend(mixtures, edge, decide);
    return mixtures.map(({ symbol }) => symbol - 128);
  };
  return sweep(model, file, features, { exact: true, heat: 1024, choose, progress });
}

/**
 * Return levels less 128 that are drawn.
 * @param {WindowedModel} model
 * @param {WindowedFile} file
 * @param {Maps} features
 * @param {{ seed: [number, number], number: number, heat: number, progress: (part: number) => void }} told
 */
export function draw(model, file, features, { seed, number, heat, progress }) {
  const { columns, width } = file;
  const mean = heat ? undefined : model.preview(features, file.rows, columns);
  const logistic = model.tables.logistic;
  const words = new Uint32Array(8);
  const [first, second] = [words.subarray(0, 4), words.subarray(4)];
  /** @type {Choose} */
  const choose = (line, channel, mixtures) =>
    mixtures.map((one, i) => {
      const [row, column] = line[i];
      if (mean) {
        const shown = mean.data[(row * columns + column) * 3 + channel];
        return clamp(Math.floor(((256 - width) * one.mean + 32 * width * shown + 4096) / 8192), -128, 127);
      }
      philox(row, column, number, 0x80000000, seed[0], seed[1], first);
      philox(row, column, number, 0x80000001, seed[0], seed[1], second);
      return noisy(one, words[2 * channel], words[2 * channel + 1] >>> 16, heat, logistic);
    });
  return sweep(model, file, features, { exact: false, heat: heat || 1024, choose, progress });
}

/**
 * Return a level less 128 with noise.
 * @param {Mixture} one
 * @param {number} word that picks the component
 * @param {number} half that picks the quantile
 * @param {number} heat
 * @param {Int32Array} logistic
 */
function noisy({ weights, means, inverses, sum }, word, half, heat, logistic) {
  let [k, before] = [0, weights[0]];
  while (word * sum >= 2 ** 32 * before) before += weights[++k];
  const wanted = (2 * half + 1) * 128;
  let [low, high] = [-1, logistic.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (logistic[middle] >= wanted) high = middle;
    else low = middle;
  }
  const t = Math.floor(((high - 16384) * heat) / 1024);
  return clamp(Math.floor(((means[k] + 16) * inverses[k] + 128 * t) / (32 * inverses[k])), -128, 127);
}
