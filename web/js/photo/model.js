/** Models of the photo family: from the symbols of a payload to latents, and from latents to the picture. */

import { Program, joined } from "../exact/program.js";

const WIDEST = 2 ** 17;
const LATENT = 2 ** 19;
const PATCH = 16;
const BAND = 2 ** 20;

/**
 * @typedef {import("../exact/convolution.js").Maps} Maps
 * @typedef {import("../store.js").Model} Model
 * @typedef {(part: number) => void} Progress
 */

export class PhotoModel {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    const { slices } = model.info;
    /** @type {number[]} */
    this.slices = slices;
    this.hyperSynthesis = new Program(model, "hyper_synthesis");
    this.heads = this.slices.map((_, i) => [0, 1].map((half) => new Program(model, `head_${i}_${half}`)));
    this.synthesis = new Program(model, "synthesis");
    this.linear = new Program(model, "synthesis_linear");
  }

  /**
   * Return a table at a level, times 8.
   * @param {string} name
   * @param {number} level
   */
  table(name, level) {
    const { data, shape } = /** @type {import("../store.js").Numbers} */ (this.model.arrays.get(name));
    const channels = shape[1];
    const [knot, part] = [level >> 3, level & 7];
    return Float64Array.from({ length: channels }, (_, c) => {
      const at = knot * channels + c;
      return Number(data[at]) * (8 - part) + Number(data[at + channels]) * part;
    });
  }

  /**
   * Return maps scaled by a table.
   * @param {string} name
   * @param {Maps} x
   * @param {number} level
   * @returns {Maps}
   */
  scaled(name, x, level) {
    const table = this.table(name, level);
    const scale = 2 ** -(this.model.info.shifts[name] + 3);
    const data = new Int32Array(x.data.length);
    for (let i = 0, c = 0; i < data.length; i++) {
      const value = Math.floor(x.data[i] * table[c] * scale + 0.5);
      data[i] = value < -LATENT ? -LATENT : value > LATENT ? LATENT : value;
      if (++c === x.channels) c = 0;
    }
    return { ...x, data };
  }

  /**
   * Return the rounded latents of a payload, in sixteenths of a step.
   * @param {import("../coding/symbols.js").SymbolReader} reader
   * @param {number} rows
   * @param {number} columns
   * @param {number} level
   * @param {Progress} progress
   */
  values(reader, rows, columns, level, progress) {
    const features = this.features(reader, rows / 4, columns / 4, level);
    /** @type {Maps[]} */
    const parts = [features];
    const orders = [0, 1].map((half) => positions(rows, columns, half));
    this.heads.forEach((heads, number) => {
      const channels = this.slices[number];
      /** @type {Maps} */
      const slice = { data: new Int32Array(rows * columns * channels), rows, columns, channels };
      heads.forEach((head, half) => {
        const told = joined(...parts, ...(half ? [slice] : []));
        const sparse = head.pointwise;
        const found = head.run(told, level, sparse ? half : -1);
        this.place(reader, slice, found, orders[half], sparse);
        progress((2 * number + half + 1) / (2 * this.heads.length));
      });
      parts.push(slice);
    });
    const whole = joined(...parts.slice(1));
    for (let i = 0; i < whole.data.length; i++) whole.data[i] /= 8;
    return whole;
  }

  /**
   * Read the symbols of half of a slice, and put 8 times their values into it.
   * @param {import("../coding/symbols.js").SymbolReader} reader
   * @param {Maps} slice
   * @param {Maps} found means and scales
   * @param {Int32Array} order of the positions
   * @param {boolean} sparse whether `found` has the half's positions alone
   */
  place(reader, slice, found, order, sparse) {
    const { channels } = slice;
    const count = order.length;
    const scales = new Uint8Array(channels * count);
    // Two columns of the grid are one of a half.
    const at = (/** @type {number} */ i) => (sparse ? order[i] >> 1 : order[i]) * found.channels;
    for (let i = 0; i < count; i++) {
      for (let c = 0, from = at(i) + channels; c < channels; c++) {
        const scale = found.data[from + c];
        scales[c * count + i] = scale < 0 ? 0 : scale > 63 ? 63 : scale;
      }
    }
    const symbols = reader.pop(scales);
    for (let i = 0; i < count; i++) {
      for (let c = 0, from = at(i), to = order[i] * channels; c < channels; c++) {
        const value = 16 * symbols[c * count + i] + found.data[from + c];
        slice.data[to + c] = 8 * (value < -WIDEST ? -WIDEST : value > WIDEST ? WIDEST : value);
      }
    }
  }

  /**
   * Return the features of the hyper-latents.
   * @param {import("../coding/symbols.js").SymbolReader} reader
   * @param {number} rows
   * @param {number} columns
   * @param {number} level
   */
  features(reader, rows, columns, level) {
    const [means, steps] = ["hyper_mean", "hyper_scale"].map((name) => this.table(name, level).map((x) => Math.floor((x + 4) / 8)));
    const [channels, count] = [means.length, rows * columns];
    const scales = new Uint8Array(channels * count);
    for (let c = 0; c < channels; c++) scales.fill(steps[c], c * count, (c + 1) * count);
    const symbols = reader.pop(scales);
    const data = new Int32Array(channels * count);
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < channels; c++) data[i * channels + c] = 16 * symbols[c * count + i] + means[c];
    }
    return this.hyperSynthesis.run(this.scaled("hyper_inverse", { data, rows, columns, channels }, level), level);
  }

  /**
   * Return red, green and blue of a picture, in bands that bound the memory.
   * @param {Maps} values
   * @param {number} level
   * @param {number} height
   * @param {number} width
   * @param {Progress} progress
   */
  picture(values, level, height, width, progress) {
    const out = new Uint8Array(height * width * 3);
    const step = Math.max(1, Math.round(BAND / (PATCH * PATCH * values.columns)));
    const { halo } = this.synthesis;
    for (let start = 0; start < values.rows; start += step) {
      const end = Math.min(values.rows, start + step);
      const [first, last] = [Math.max(0, start - halo), Math.min(values.rows, end + halo)];
      const v = this.scaled("inverse", rowsOf(values, first, last), level);
      const deep = this.synthesis.run(v, level);
      const flat = this.linear.run(rowsOf(v, start - first, end - first), level);
      this.levels(rowsOf(deep, PATCH * (start - first), PATCH * (end - first)), flat, out, PATCH * start, height, width);
      progress(end / values.rows);
    }
    return out;
  }

  /**
   * Write levels from sums.
   * @param {Maps} deep
   * @param {Maps} flat
   * @param {Uint8Array} out
   * @param {number} top
   * @param {number} height
   * @param {number} width
   */
  levels(deep, flat, out, top, height, width) {
    const scale = 2 ** -this.model.info.picture_shift;
    for (let row = 0; row < Math.min(deep.rows, height - top); row++) {
      let to = (top + row) * width * 3;
      for (let i = 0, from = row * deep.columns * 3; i < 3 * width; i++, from++) {
        const value = Math.floor((deep.data[from] + flat.data[from]) * scale + 128.5);
        out[to++] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
    }
  }
}

/**
 * Return some rows of maps.
 * @param {Maps} x
 * @param {number} first
 * @param {number} last
 * @returns {Maps}
 */
function rowsOf(x, first, last) {
  const row = x.columns * x.channels;
  return { ...x, rows: last - first, data: x.data.subarray(first * row, last * row) };
}

/**
 * Return the positions of a half: those of even rows first, then those of odd ones.
 * @param {number} rows
 * @param {number} columns
 * @param {number} half
 */
function positions(rows, columns, half) {
  const order = new Int32Array((rows * columns) / 2);
  let at = 0;
  for (const parity of [0, 1]) {
    for (let row = parity; row < rows; row += 2) {
      for (let column = (row + half) & 1; column < columns; column += 2) order[at++] = row * columns + column;
    }
  }
  return order;
}
