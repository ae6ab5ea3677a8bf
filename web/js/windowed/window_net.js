/** The network of a place: it sees the window of values before it, and gives a distribution of each channel in turn. */

import { LIMIT, clamp } from "../exact/layers.js";
import { slanted } from "../bilevel/pixels.js";

/**
 * @typedef {import("../exact/layers.js").Layers} Layers
 * @typedef {import("../exact/dense.js").Layer} Layer
 * @typedef {[number, number][]} Line rows and columns
 */

export class WindowNet {
  /**
   * @param {Layers} layers
   * @param {"prior" | "local"} name
   * @param {number[]} window
   * @param {number} channels
   */
  constructor(layers, name, [above, left, right], channels) {
    // Numbers of the prior have two fraction bits more within its first and its last layer.
    this.more = name === "prior" ? 2 : 0;
    this.unit = name === "prior" ? 1 : 16;
    this.channels = channels;
    /** @type {[number, number][]} */
    this.offsets = [];
    for (let r = above; r > 0; r--) for (let c = -left; c <= right; c++) this.offsets.push([-r, c]);
    for (let c = -left; c < 0; c++) this.offsets.push([0, c]);
    this.slant = above ? right + 1 : 0;
    const mix = layers.layer(`${name}.mix`);
    this.mix = { ...mix, bias: mix.bias.map((value) => value * 2 ** this.more), shift: mix.shift + this.more };
    /** @type {Layer[]} */
    this.blocks = [];
    for (let i = 0; layers.has(`${name}.${i}.first`); i++) {
      this.blocks.push(layers.layer(`${name}.${i}.first`), layers.layer(`${name}.${i}.second`));
    }
    const heads = layers.layer(`${name}.heads`);
    this.heads = { ...heads, shift: 0 };
    this.shift = heads.shift + this.more;
    this.outputs = heads.outputs / channels;
    const drawn = /** @type {import("../store.js").Numbers} */ (layers.model.arrays.get(`${name}.drawn`));
    this.drawn = Float64Array.from(drawn.data, Number);
    this.gathered = layers.gathered;
    this.inputs = new Float64Array(mix.inputs);
    this.x = new Float64Array(mix.outputs);
    this.inner = new Float64Array(mix.outputs);
  }

  /**
   * Return the lines of places that are taken together, in order.
   * @param {number} rows
   * @param {number} columns
   * @returns {Generator<Line>}
   */
  *lines(rows, columns) {
    /** @type {Line} */
    let line = [];
    let last = 0;
    for (const [row, column] of slanted(rows, columns, this.slant)) {
      const t = column + this.slant * row;
      if (t !== last && line.length) {
        yield line;
        line = [];
      }
      last = t;
      line.push([row, column]);
    }
    yield line;
  }

  /**
   * Return the sums of all heads at a place, before what its own channels add.
   * @param {Float64Array} values of the places so far
   * @param {number} columns
   * @param {number} row
   * @param {number} column
   * @param {(inputs: Float64Array, at: number) => void} beside writes the inputs behind the window
   */
  trunk(values, columns, row, column, beside) {
    const { channels, unit, inputs, gathered, x, inner } = this;
    let at = 0;
    for (const [r, c] of this.offsets) {
      const [down, across] = [row + r, column + c];
      const inside = down >= 0 && across >= 0 && across < columns;
      const from = (down * columns + across) * channels;
      for (let k = 0; k < channels; k++) inputs[at++] = inside ? unit * values[from + k] : 0;
    }
    beside(inputs, at);
    gathered.of(inputs, 0, inputs.length).through(this.mix, LIMIT, x, 0);
    for (let block = 0; block < this.blocks.length; block += 2) {
      gathered.positive(x).through(this.blocks[block], LIMIT, inner, 0);
      gathered.positive(inner).through(this.blocks[block + 1], LIMIT, inner, 0);
      for (let j = 0; j < x.length; j++) x[j] = clamp(x[j] + inner[j], -LIMIT, LIMIT);
    }
    const sums = new Float64Array(this.heads.outputs);
    gathered.positive(x).through(this.heads, Infinity, sums, 0);
    return sums;
  }

  /**
   * Return the numbers of a channel of a place, whose channels before it are known.
   * @param {Float64Array} sums
   * @param {number} channel
   * @param {Float64Array} values
   * @param {number} at where the place's values begin
   */
  numbers(sums, channel, values, at) {
    const { outputs, channels, drawn, more, unit } = this;
    const found = new Float64Array(outputs);
    const half = 2 ** this.shift / 2;
    const scale = 2 ** -this.shift;
    for (let k = 0; k < outputs; k++) {
      let earlier = 0;
      for (let e = 0, d = (channel * outputs + k) * channels; e < channel; e++) earlier += values[at + e] * drawn[d + e];
      const sum = sums[channel * outputs + k] * 2 ** more + unit * earlier;
      found[k] = Math.floor((sum + half) * scale);
    }
    return found;
  }
}
