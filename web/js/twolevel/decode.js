/** Pages of two levels: what their files hold, and their picture. */

import { match } from "../bilevel/decode.js";
import { decisions } from "../coding/decisions.js";
import { cutShort, layout, parseHead, readNumber, readSize } from "../container/header.js";
import { checkWork } from "../container/limits.js";
import { VlzError } from "../errors.js";
import { Counts, Rows, SLANT } from "./contexts.js";
import { Mixer, quotient } from "./mixer.js";

const GREY = 1;

/**
 * @typedef {import("../picture.js").Opened} Opened
 * @typedef {import("../picture.js").Picture} Picture
 * @typedef {{ prefix: Uint8Array, height: number, width: number, levels: Uint8Array, rows: number[], columns: number[],
 *   start: number, residual: Uint8Array }} PageFile
 */

/**
 * Return the parts of a file whose model is not known yet.
 * @param {Uint8Array} data
 * @returns {PageFile}
 */
export function parsePage(data) {
  const { prefix } = parseHead(data);
  if (data[6] & ~GREY) throw new VlzError(`flags ${data[6]} are unknown: damaged, or made by a newer program`);
  const [height, width, place] = readSize(data, 7);
  const size = data[6] & GREY ? 2 : 6;
  const body = data.subarray(0, -2);
  if (place + size > body.length) throw cutShort(data);
  const [rows, afterRows] = stretches(body, place + size, height);
  const [columns, start] = stretches(body, afterRows, width);
  if (!rows.length !== !columns.length) throw new VlzError("it codes rows without columns, or columns without rows: damaged");
  return { prefix, height, width, levels: data.subarray(place, place + size), rows, columns, start, residual: body.subarray(start) };
}

/**
 * Return the rows or columns that are coded, and where their list ends.
 * @param {Uint8Array} data
 * @param {number} place
 * @param {number} side
 * @returns {[number[], number]}
 */
function stretches(data, place, side) {
  const [count, start] = readNumber(data, place);
  /** @type {number[]} */
  const found = [];
  let [end, at] = [0, start];
  for (let number = 0; number < count; number++) {
    const [gap, afterGap] = readNumber(data, at);
    const [length, next] = readNumber(data, afterGap);
    const first = end + gap;
    [end, at] = [first + length, next];
    if (end > side || !length || (number && !gap)) throw new VlzError("its stretches of rows or columns do not fit its size: damaged");
    for (let line = first; line < end; line++) found.push(line);
  }
  return [found, at];
}

/**
 * Open a page of two levels.
 * @param {Uint8Array} data
 * @param {import("../store.js").Store} store
 * @returns {Promise<Opened>}
 */
export async function openPage(data, store) {
  const file = parsePage(data);
  const fingerprint = await match(data, file.prefix, store);
  const { height, width, rows, columns, residual, levels } = file;
  checkWork(rows.length, columns.length, SLANT, residual.length);
  if (!rows.length && residual.length) throw new VlzError("it has pixels of no rows: damaged");
  return {
    kind: "exact page of two levels", model: (await store.list()).models[fingerprint].name, fingerprint, height, width,
    count: 1, drawn: false, exact: true, whole: true,
    sections: layout([["header", file.start], ["residual", residual.length], ["checksum", 2]]),
    draw: async ({ progress }) => {
      const model = await store.model(fingerprint);
      if (model.info.family !== "page") throw new VlzError("its model is not of the page family: damaged");
      const logistic = /** @type {import("../store.js").Numbers} */ ((await store.table("tables")).arrays.get("logistic"));
      const ink = rows.length ? decode(model, logistic, rows.length, columns.length, residual, progress) : new Uint8Array(0);
      return [finished(ink, file, levels.length / 2)];
    },
  };
}

/**
 * Return the coded pixels, row by row.
 * @param {import("../store.js").Model} model
 * @param {import("../store.js").Numbers} logistic
 * @param {number} height
 * @param {number} width
 * @param {Uint8Array} residual
 * @param {((part: number) => void) | undefined} progress
 */
function decode(model, logistic, height, width, residual, progress) {
  const decide = decisions(residual, height * width);
  const ink = new Uint8Array(height * width);
  const array = (/** @type {string} */ name) => /** @type {import("../store.js").Numbers} */ (model.arrays.get(name));
  const flat = Float64Array.from(/** @type {any} */ (array("flat").data), Number);
  const [rows, counts, mixer] = [new Rows(height), new Counts(array("templates")), new Mixer(model, logistic)];
  const most = Math.min(height, Math.ceil(width / SLANT));
  const size = mixer.head.length;
  const near = new Uint32Array(9);
  const cells = new Int32Array(most * counts.templates);
  const [inputs, errors] = [new Float64Array(most * size), new Float64Array(most)];
  const [line, active, contexts] = [new Uint8Array(most), new Uint8Array(most), new Int32Array(most)];
  const steps = width + SLANT * (height - 1);
  for (let time = 0; time < steps; time++) {
    const first = Math.max(0, Math.ceil((time - width + 1) / SLANT));
    const end = Math.min(height - 1, Math.floor(time / SLANT)) + 1;
    let found = 0;
    for (let row = first; row < end; row++) {
      const context = rows.flat(row);
      contexts[row - first] = context;
      let pixel;
      if (context < 0) {
        rows.near(row, near);
        counts.cells(near, cells, found * counts.templates);
        const one = mixer.one(near, cells, found * counts.templates, counts, inputs, found * size);
        pixel = decide(one);
        errors[found] = Math.floor((pixel * 2 ** 24 - one) / 2 ** 12);
        active[found++] = pixel;
      } else {
        const [paper, black] = [flat[2 * context], flat[2 * context + 1]];
        pixel = decide(quotient((2 * black + 1) * 2 ** 24, 2 * (paper + black) + 2));
      }
      line[row - first] = pixel;
      ink[row * width + time - SLANT * row] = pixel;
    }
    for (let i = 0; i < end - first; i++) if (contexts[i] >= 0) flat[2 * contexts[i] + line[i]]++;
    if (found) {
      counts.add(cells, active, found);
      mixer.learn(inputs, errors, found);
    }
    rows.push(first, line, end - first);
    if (time % 64 === 0) progress?.(time / steps);
  }
  return ink;
}

/**
 * Return the picture of coded pixels: what is left out is paper.
 * @param {Uint8Array} ink
 * @param {PageFile} file
 * @param {number} channels
 * @returns {Picture}
 */
function finished(ink, { height, width, rows, columns, levels }, channels) {
  const data = new Uint8Array(height * width * channels);
  for (let i = 0; i < data.length; i++) data[i] = levels[i % channels];
  rows.forEach((row, r) => {
    columns.forEach((column, c) => {
      if (!ink[r * columns.length + c]) return;
      for (let k = 0; k < channels; k++) data[(row * width + column) * channels + k] = levels[channels + k];
    });
  });
  return { height, width, channels, data };
}
