/**
 * Convolutions of integers, exactly: products are summed in 32 bits where no sum can leave them for the numbers at
 * hand; else the numbers are cut into digits, of which each fits, and the sums are put together in doubles.
 *
 * Maps are rows of positions of channels, in an Int32Array.
 */

import { Workspace } from "./dots.js";

const WORD = 2 ** 31;
const LARGEST = 32767;

/**
 * @typedef {{ data: Int32Array, rows: number, columns: number, channels: number }} Maps
 * @typedef {{ data: ArrayLike<number>, shape: number[] }} Numbers
 * @typedef {(value: number) => number} Change
 */

let workspace = /** @type {Workspace | undefined} */ (undefined);

/** A convolution of 1 x 1 or 3 x 3 positions, whose results are rounded, shifted and clamped. */
export class Convolution {
  /**
   * @param {Numbers} weight (outputs, inputs, side, side)
   * @param {ArrayLike<number>} bias
   * @param {ArrayLike<number>} shift
   * @param {number} low
   * @param {number} high
   */
  constructor(weight, bias, shift, low, high) {
    const [outputs, inputs, side] = weight.shape;
    this.outputs = outputs;
    this.inputs = inputs;
    this.side = side;
    this.low = low;
    this.high = high;
    this.shift = Int32Array.from(shift);
    this.half = Float64Array.from(bias, (value, o) => Number(value) + (this.shift[o] ? 2 ** (this.shift[o] - 1) : 0));
    this.padded = (inputs + 7) & -8;
    const size = side * side * this.padded;
    this.weights = new Int16Array(((outputs + 1) & -2) * size);
    this.sizes = new Float64Array(outputs * inputs);
    for (let o = 0, at = 0; o < outputs; o++) {
      for (let c = 0; c < inputs; c++) {
        for (let tap = 0; tap < side * side; tap++, at++) {
          this.weights[o * size + tap * this.padded + c] = weight.data[at];
          this.sizes[o * inputs + c] += Math.abs(weight.data[at]);
        }
      }
    }
  }

  /**
   * Return the largest magnitude that a sum can have over inputs of these magnitudes, by channel.
   * @param {Float64Array} largest
   */
  bound(largest) {
    let most = 0;
    for (let o = 0, at = 0; o < this.outputs; o++) {
      let sum = 0;
      for (let c = 0; c < this.inputs; c++, at++) sum += this.sizes[at] * largest[c];
      most = Math.max(most, sum);
    }
    return most;
  }

  /**
   * Return the results, at every position, or at those whose row and column have an even or an odd sum.
   * @param {Maps} x
   * @param {number} [half] 0 or 1 for even or odd sums; the maps that come back have half the columns
   * @returns {Maps}
   */
  run(x, half = -1) {
    const { digits, base } = this.split(x);
    const sparse = half >= 0;
    const columns = sparse ? x.columns / 2 : x.columns;
    const data = new Int32Array(x.rows * columns * this.outputs);
    const sums = new Float64Array(columns * this.outputs);
    const room = new Room(this, x.columns, columns, digits);
    for (let row = 0; row < x.rows; row++) {
      const start = sparse ? (row + half) & 1 : 0;
      if (digits === 1) this.finish(room.sums(x, row, start, sparse ? 2 : 1, same), columns, data, row);
      else {
        sums.fill(0);
        for (let digit = 0, unit = 1; digit < digits; digit++, unit *= base) {
          const change = digitOf(unit, base, digit === digits - 1);
          const found = room.sums(x, row, start, sparse ? 2 : 1, change, digit);
          const line = (columns + 3) & -4;
          for (let o = 0; o < this.outputs; o++) {
            for (let p = 0; p < columns; p++) sums[o * columns + p] += unit * found[o * line + p];
          }
        }
        this.finish(sums, columns, data, row, columns);
      }
    }
    return { data, rows: x.rows, columns, channels: this.outputs };
  }

  /**
   * Return how many digits of which base inputs are cut into.
   * @param {Maps} x
   */
  split(x) {
    const largest = new Float64Array(this.inputs);
    for (let i = 0, c = 0; i < x.data.length; i++) {
      const size = Math.abs(x.data[i]);
      if (size > largest[c]) largest[c] = size;
      if (++c === this.inputs) c = 0;
    }
    const most = largest.reduce((a, b) => Math.max(a, b), 0);
    if (most <= LARGEST && this.bound(largest) < WORD) return { digits: 1, base: 1 };
    const room = this.bound(new Float64Array(this.inputs).fill(1));
    const base = 2 ** Math.min(15, Math.floor(Math.log2(WORD / (room + 1))));
    let digits = 1;
    for (let reach = base; reach <= most; reach *= base) digits++;
    return { digits, base };
  }

  /**
   * Round a row of sums and write it.
   * @param {ArrayLike<number>} sums
   * @param {number} columns
   * @param {Int32Array} data
   * @param {number} row
   * @param {number} [line] from one output's sums to the next one's
   */
  finish(sums, columns, data, row, line = (columns + 3) & -4) {
    const { outputs, low, high } = this;
    for (let o = 0; o < outputs; o++) {
      const add = this.half[o];
      const scale = 2 ** -this.shift[o];
      for (let p = 0, at = row * columns * outputs + o; p < columns; p++, at += outputs) {
        const value = Math.floor((sums[o * line + p] + add) * scale);
        data[at] = value < low ? low : value > high ? high : value;
      }
    }
  }
}

/** Where a convolution's weights, three rows of its input and a row of sums lie. */
class Room {
  /**
   * @param {Convolution} conv
   * @param {number} columns of the input
   * @param {number} pixels of a row of results
   * @param {number} digits of the input
   */
  constructor(conv, columns, pixels, digits) {
    this.conv = conv;
    this.pixels = pixels;
    this.pad = conv.side >> 1;
    this.stride = 2 * conv.padded * (columns + 2 * this.pad + 8); // four positions more are read, two at a time
    this.rows = 2 * conv.weights.length;
    this.out = this.rows + 3 * digits * this.stride;
    workspace ??= new Workspace();
    workspace.reserve(this.out + 4 * ((pixels + 3) & -4) * (conv.outputs + 1));
    const { buffer } = workspace.memory;
    new Int16Array(buffer).set(conv.weights);
    this.input = new Int16Array(buffer, this.rows, (3 * digits * this.stride) >> 1).fill(0);
    this.found = new Int32Array(buffer, this.out, ((pixels + 3) & -4) * conv.outputs);
    this.held = new Array(3 * digits).fill(-2);
  }

  /**
   * Return the sums of a row, output by output.
   * @param {Maps} x
   * @param {number} row
   * @param {number} start first column
   * @param {number} by from one column to the next
   * @param {Change} change of every number
   * @param {number} [digit] which the change takes
   */
  sums(x, row, start, by, change, digit = 0) {
    const { padded, side, outputs } = this.conv;
    const at = [];
    for (let r = row - this.pad; r <= row + this.pad; r++) at.push(this.place(x, r, change, 3 * digit + ((r + 3) % 3)) + 2 * start * padded);
    const run = 2 * side * padded;
    const { dots } = /** @type {Workspace} */ (workspace);
    dots(at[0], at[1] ?? 0, at[2] ?? 0, side, run, 2 * by * padded, 0, this.out, this.pixels, (outputs + 1) & -2);
    return this.found;
  }

  /**
   * Return where a row of the input lies, put there if it is not.
   * @param {Maps} x
   * @param {number} row
   * @param {Change} change
   * @param {number} slot
   */
  place(x, row, change, slot) {
    const address = this.rows + slot * this.stride;
    if (this.held[slot] === row) return address;
    this.held[slot] = row;
    const { padded } = this.conv;
    const { columns, channels, data } = x;
    let to = (slot * this.stride) >> 1;
    if (row < 0 || row >= x.rows) this.input.fill(0, to, to + (this.stride >> 1));
    else {
      to += this.pad * padded;
      const { input } = this;
      for (let column = 0, from = row * columns * channels; column < columns; column++, to += padded) {
        if (change === same) for (let c = 0; c < channels; c++) input[to + c] = data[from++];
        else for (let c = 0; c < channels; c++) input[to + c] = change(data[from++]);
      }
    }
    return address;
  }
}

/** @type {Change} */
const same = (value) => value;

/**
 * Return what takes a digit of a number; the highest one has the sign.
 * @param {number} unit
 * @param {number} base
 * @param {boolean} last
 * @returns {Change}
 */
function digitOf(unit, base, last) {
  return last ? (value) => Math.floor(value / unit) : (value) => Math.floor(value / unit) & (base - 1);
}
