/** Chunks of lossless archives: pictures whose latents are read from the bits of the pictures behind them. */

import { VlzError } from "../errors.js";
import { FRACTION, LIMIT, clamp, relu } from "../exact/layers.js";
import { Stack } from "../coding/stack.js";
import { latents, prior } from "./latents.js";
import { PixelNet, features, slanted } from "./pixels.js";

const LANES = 64;
const MASS_BITS = 8;
const FLAT = 409599;
const MAX_SEEDS = 255;

/**
 * @typedef {import("../exact/layers.js").Layers} Layers
 * @typedef {import("./latents.js").Tables} Tables
 */

/**
 * Yield the pictures of a chunk, 0s and 1s, in order.
 * @param {Layers} layers
 * @param {Tables} tables
 * @param {Uint8Array} data
 * @param {number} count of pictures
 * @returns {Generator<Uint8Array>}
 */
export function* decodeChunk(layers, tables, data, count) {
  const [seeds, precision] = data;
  if (data.length < 2 || seeds < 1 || seeds > count || precision < 4 || precision > 15) {
    throw new VlzError(`a chunk of ${count} pictures with ${seeds} seeds and ${precision} bits a latent: damaged`);
  }
  const sizes = [];
  for (let done = seeds; done < count; done += sizes[sizes.length - 1]) {
    sizes.push(Math.min(LANES, Math.floor(done / seeds), count - done));
  }
  const stack = new Stack(data.subarray(2));
  const bits = new BitsBack(layers, tables, stack, precision);
  for (const size of sizes.reverse()) {
    const pictures = bits.batch(size);
    // What the sender needed before it pushed the batch; an empty stack would give pictures without end.
    if (stack.bits < (seeds < MAX_SEEDS ? bits.needed * size : 1)) throw new VlzError("its bits end before its pictures do: damaged");
    yield* pictures;
  }
  const z = Array.from({ length: seeds }, () => {
    const [length] = stack.numbers(1, 3);
    return latents(layers, tables, 0, Uint8Array.from(stack.numbers(length + 1, 8)));
  });
  yield* bits.pixels(z);
  if (stack.words.length || stack.state) throw new VlzError("bits are left behind its last picture: damaged");
}

class BitsBack {
  /**
   * @param {Layers} layers
   * @param {Tables} tables
   * @param {Stack} stack
   * @param {number} precision bits of a bin
   */
  constructor(layers, tables, stack, precision) {
    this.layers = layers;
    this.tables = tables;
    this.stack = stack;
    this.precision = precision;
    const { latent, prior_blocks: blocks } = layers.model.info;
    this.blocks = blocks;
    this.size = latent / blocks;
    this.needed = latent * precision + this.size * MASS_BITS;
    /** @type {Map<number, number>} */
    this.edges = new Map();
  }

  /**
   * Read the pictures of a batch; their bins go back onto the stack.
   * @param {number} count
   */
  batch(count) {
    const { layers, tables, stack, precision, size } = this;
    const z = Array.from({ length: count }, () => new Float64Array(size * this.blocks));
    const bins = [];
    /** @type {ReturnType<typeof prior>[][]} */
    const priors = [];
    for (let block = 0; block < this.blocks; block++) {
      const found = stack.numbers(count * size, precision);
      const told = z.map((one) => prior(layers, tables, one, block, size));
      told.forEach(({ means, scales }, picture) => {
        for (let i = 0; i < size; i++) {
          const noise = this.noise(found[picture * size + i]);
          const value = means[i] + Math.floor((scales[i] * noise + 32768) / 65536);
          z[picture][block * size + i] = clamp(value, -LIMIT, LIMIT);
        }
      });
      bins.push(found);
      priors.push(told);
    }
    const pictures = this.pixels(z);
    const posteriors = pictures.map((picture) => posterior(layers, tables, picture));
    for (let block = this.blocks - 1; block >= 0; block--) {
      const values = bins[block].map((bin, at) => {
        const [picture, i] = [Math.floor(at / size), at % size];
        const { means, scales } = priors[block][picture];
        const q = posteriors[picture];
        const start = (/** @type {number} */ k) =>
          this.start(k, means[i], scales[i], q.means[block * size + i], q.scales[block * size + i]);
        const first = start(bin);
        return first + stack.below(start(bin + 1) - first);
      });
      stack.pushNumbers(values, precision + MASS_BITS);
    }
    return pictures;
  }

  /** @param {number} bin */
  noise(bin) {
    const middle = bin * 2 ** (16 - this.precision) + 2 ** (15 - this.precision);
    return (this.tables.quantile[middle - 1] + this.tables.quantile[middle]) >> 1;
  }

  /**
   * Return where a bin starts under q.
   * @param {number} bin
   * @param {number} mean
   * @param {number} scale
   * @param {number} qMean
   * @param {number} qScale
   */
  start(bin, mean, scale, qMean, qScale) {
    if (!bin || bin === 2 ** this.precision) return bin * 256;
    const place = Math.floor((this.edge(bin) * scale + (mean - qMean) * 2 ** 20) / qScale);
    return 1 + Math.floor((this.normal(place) * (2 ** (this.precision + MASS_BITS) - 2)) / 2 ** 30);
  }

  /**
   * Return the least x with N(x) of a bin's lower end.
   * @param {number} bin
   */
  edge(bin) {
    let edge = this.edges.get(bin);
    if (edge === undefined) {
      const wanted = bin * 2 ** (30 - this.precision);
      let [below, found] = [-FLAT - 1, FLAT];
      while (found - below > 1) {
        const middle = Math.floor((below + found) / 2);
        if (this.normal(middle) >= wanted) found = middle;
        else below = middle;
      }
      edge = found;
      this.edges.set(bin, edge);
    }
    return edge;
  }

  /** @param {number} x in units of 2^-16 */
  normal(x) {
    const at = clamp(x, -FLAT, FLAT) + 3200 * 128;
    const low = this.tables.normal[at >> 7];
    return low + Math.floor(((this.tables.normal[(at >> 7) + 1] - low) * (at & 127)) / 128);
  }

  /**
   * Read pictures given their latents: of each place the pixels of all of them in turn.
   * @param {Float64Array[]} z
   */
  pixels(z) {
    const nets = z.map((one) => new PixelNet(this.layers, this.tables, features(this.layers, one)));
    const { rows, columns } = nets[0].features;
    const pictures = nets.map(() => new Uint8Array(rows * columns));
    for (const [row, column] of slanted(rows, columns, nets[0].slant)) {
      nets.forEach((net, i) => (pictures[i][row * columns + column] = this.stack.pixel(net.ink(pictures[i], row, column))));
    }
    return pictures;
  }
}

/**
 * Return means and scales of q(z|x) of a picture.
 * @param {Layers} layers
 * @param {Tables} tables
 * @param {Uint8Array} pixels
 */
export function posterior(layers, tables, pixels) {
  const { latent } = layers.model.info;
  const out = encoded(layers, pixels);
  return {
    means: out.subarray(0, latent),
    scales: out.subarray(latent).map((value) => tables.exp[clamp(value, -5120, 512) + 5120]),
  };
}

/**
 * Return what the encoder says of a picture: means, then log scales.
 * @param {Layers} layers
 * @param {Uint8Array} pixels
 */
function encoded(layers, pixels) {
  const { height, width } = layers.model.info;
  const [rows, columns] = [height / 2, width / 2];
  const data = new Float64Array(height * width);
  for (let row = 0, to = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let k = 0; k < 4; k++) data[to++] = FRACTION * pixels[(2 * row + (k >> 1)) * width + 2 * column + (k & 1)];
    }
  }
  let x = layers.conv("encoder.stem", { data, rows, columns, channels: 4 });
  x = layers.conv("encoder.down", relu(layers.blocks("encoder.fine", x)), 2);
  const thin = relu(layers.each("encoder.squeeze", relu(layers.blocks("encoder.coarse", x))));
  const full = layers.dense("encoder.full", thin.data).map((value) => Math.max(value, 0));
  return layers.dense("encoder.out", full);
}
