/** From the payload of a bilevel picture to its latents: numbers of candidates, and the candidates. */

import { VlzError } from "../errors.js";
import { FRACTION, LIMIT, clamp } from "../exact/layers.js";
import { philox } from "../exact/philox.js";

const MAX_BITS = 56;
const MAX_BLOCK_BITS = 14;
const MAX_EXPONENT = 40;

/**
 * @typedef {import("../exact/layers.js").Layers} Layers
 * @typedef {{ quantile: Int16Array, exp: Int32Array, sigmoid: Int32Array, normal: Int32Array, logistic: Int32Array }} Tables
 */

/**
 * Return the latents of a payload, and behind them the columns of its label where the model has labels.
 * @param {Layers} layers
 * @param {Tables} tables
 * @param {number} mode
 * @param {Uint8Array} payload
 * @param {number} spare bits at its end that do not count
 */
export function latents(layers, tables, mode, payload, spare = 0) {
  const { info } = layers.model;
  const blocks = info.prior_blocks;
  const labels = info.labels ?? 0;
  const z = new Float64Array(info.latent + labels);
  const split = splitLabel(payload, labels);
  const { label } = split;
  const bits = split.bits - spare;
  const value = split.value >> BigInt(spare);
  if (labels) z[info.latent + label] = FRACTION;
  if (mode === 0) {
    const most = Math.floor(Math.min(MAX_BITS, MAX_BLOCK_BITS * blocks) / 8);
    if (bits <= 0 || payload.length > most) throw new VlzError(`a payload of ${payload.length} bytes, and a code has 1 to ${most}`);
    let left = BigInt(bits);
    const path = value;
    blockBits(bits, info.block_shares).forEach((count, block) => {
      left -= BigInt(count);
      candidate(layers, tables, path >> left, 16 + block, z, block, 1);
    });
    return z;
  }
  if (mode > Math.min(4, blocks)) throw new VlzError(`mode ${mode} is not known to its model`);
  let first = 0;
  readNumbers(value, bits, mode, info.index_lengths[mode - 1], labels > 0).forEach((number, group) => {
    const count = Math.floor((blocks + group) / mode);
    sample(layers, tables, number, group, z, first, count);
    first += count;
  });
  return z;
}

/**
 * Return the label that a payload begins with, and the number and count of the bits behind it.
 * @param {Uint8Array} payload
 * @param {number} labels
 */
function splitLabel(payload, labels) {
  const bits = 8 * payload.length - (labels > 1 ? 32 - Math.clz32(labels - 1) : 0);
  if (bits < 0) return { label: 0, value: 0n, bits: 0 };
  const whole = toBig(payload);
  const label = Number(whole >> BigInt(bits));
  if (label && label >= labels) throw new VlzError(`label ${label}, and the model has ${labels}: damaged`);
  return { label, value: whole & ((1n << BigInt(bits)) - 1n), bits };
}

/**
 * Return the bits of each block of a tree-search code.
 * @param {number} bits
 * @param {number[]} shares
 */
export function blockBits(bits, shares) {
  const sum = shares.reduce((a, b) => a + b, 0);
  let [before, cut] = [0, 0];
  const found = shares.map((share) => {
    before += share;
    const next = Math.floor((bits * before) / sum);
    const count = Math.min(MAX_BLOCK_BITS, next - cut);
    cut = next;
    return count;
  });
  let rest = bits - found.reduce((a, b) => a + b, 0);
  return found.map((count) => {
    const more = Math.min(MAX_BLOCK_BITS - count, rest);
    rest -= more;
    return count + more;
  });
}

/**
 * Write blocks of the candidate of a number behind the blocks that z has.
 * @param {Layers} layers
 * @param {Tables} tables
 * @param {bigint} path
 * @param {number} level
 * @param {Float64Array} z
 * @param {number} first block that is written
 * @param {number} count of blocks
 */
export function candidate(layers, tables, path, level, z, first, count) {
  const { info } = layers.model;
  const size = info.latent / info.prior_blocks;
  place(layers, tables, halves(path, level, first * size, count * size), z, first, count);
}

/**
 * Write a group of blocks of the candidate of a sample behind the blocks that z has.
 * @param {Layers} layers
 * @param {Tables} tables
 * @param {bigint} number
 * @param {number} group
 * @param {Float64Array} z
 * @param {number} first block that is written
 * @param {number} count of blocks
 */
function sample(layers, tables, number, group, z, first, count) {
  const { info } = layers.model;
  const size = info.latent / info.prior_blocks;
  const exponent = (number + 1n).toString(2).length - 1;
  if (exponent > Math.min(MAX_EXPONENT, 16 * size)) throw new VlzError("the payload names no candidate: damaged");
  const path = number + 1n - (1n << BigInt(exponent));
  const found = halves(path, 256 + 64 * group + exponent, 0, count * size);
  for (let i = 0; i < size; i++) {
    let [cell, free] = [0, 16];
    for (let bit = i; bit < exponent; bit += size, free--) {
      cell = 2 * cell + Number((path >> BigInt(exponent - 1 - bit)) & 1n);
    }
    found[i] = cell * 2 ** free + (found[i] % 2 ** free);
  }
  place(layers, tables, found, z, first, count);
}

/**
 * Return the random numbers of 16 bits that a candidate has for latents.
 * @param {bigint} path
 * @param {number} level
 * @param {number} first latent
 * @param {number} count of latents
 */
function halves(path, level, first, count) {
  const [low, high] = [Number(path & 0xffffffffn), Number(path >> 32n)];
  const found = new Uint16Array(count);
  const words = new Uint32Array(4);
  for (let i = first, call = -1; i < first + count; i++) {
    if (i >> 3 !== call) philox(low, high, (call = i >> 3), level, 0, 0, words);
    const word = words[(i & 7) >> 1];
    found[i - first] = i & 1 ? word >>> 16 : word & 0xffff;
  }
  return found;
}

/**
 * Write blocks of z behind those that it has, from indices of their noise.
 * @param {Layers} layers
 * @param {Tables} tables
 * @param {Uint16Array} found
 * @param {Float64Array} z
 * @param {number} first block that is written
 * @param {number} count of blocks
 */
function place(layers, tables, found, z, first, count) {
  const { info } = layers.model;
  const size = info.latent / info.prior_blocks;
  for (let block = first; block < first + count; block++) {
    const { means, scales } = prior(layers, tables, z, block, size);
    for (let i = 0; i < size; i++) {
      const at = block * size + i;
      const noise = tables.quantile[found[at - first * size]];
      z[at] = clamp(means[i] + Math.floor((scales[i] * noise + 32768) / 65536), -LIMIT, LIMIT);
    }
  }
}

/**
 * Return means and scales of a block, given the blocks before it and what is behind all blocks, the label's columns.
 * @param {Layers} layers
 * @param {Tables} tables
 * @param {Float64Array} z
 * @param {number} block
 * @param {number} size
 */
export function prior(layers, tables, z, block, size) {
  const label = z.subarray(layers.model.info.latent);
  if (!block && !label.length) return { means: new Float64Array(size), scales: new Float64Array(size).fill(16384) };
  let x = Float64Array.of(...z.subarray(0, block * size), ...label);
  for (const layer of block ? [0, 1] : []) x = layers.dense(`prior.${block}.${layer}`, x).map((value) => Math.max(value, 0));
  x = layers.dense(block ? `prior.${block}.2` : "prior.0", x);
  const scales = x.subarray(size).map((value) => tables.exp[clamp(value, -4096, 1024) + 5120]);
  return { means: x.subarray(0, size), scales };
}

/**
 * Return the numbers of the candidates of a sample.
 * @param {bigint} value of the payload's bits behind its label
 * @param {number} bits how many these are
 * @param {number} groups
 * @param {number[]} lengths of the prefix code of exponents
 * @param {boolean} labelled whether a label is before them
 */
function readNumbers(value, bits, groups, lengths, labelled) {
  const exponents = canonical(lengths);
  let left = bits;
  const read = (/** @type {number} */ count) => {
    if (count > left) throw new VlzError("the payload ends within its code: damaged");
    left -= count;
    return (value >> BigInt(left)) & ((1n << BigInt(count)) - 1n);
  };
  const numbers = [];
  for (let group = 0; group < groups - 1; group++) {
    let [code, length] = [0, 0];
    let exponent;
    do {
      code = 2 * code + Number(read(1));
      exponent = exponents.get(`${++length}:${code}`);
    } while (exponent === undefined);
    numbers.push((1n << BigInt(exponent)) + read(exponent) - 1n);
  }
  if (!bits) throw new VlzError("a payload of 0 bytes: damaged");
  let shorter = 0n;
  for (let size = groups > 1 || labelled ? left % 8 : 8; size < left; size += 8) shorter += 1n << BigInt(size);
  return [...numbers, read(left) + shorter];
}

/**
 * Return the exponents of a canonical prefix code by length and code.
 * @param {number[]} lengths
 */
function canonical(lengths) {
  const found = new Map();
  let [code, before] = [0, 0];
  const entries = lengths.slice(0, MAX_EXPONENT + 1).map((length, exponent) => [length, exponent]);
  for (const [length, exponent] of entries.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    code *= 2 ** (length - before);
    found.set(`${length}:${code}`, exponent);
    code++;
    before = length;
  }
  return found;
}

/** @param {Uint8Array} bytes the highest first */
export function toBig(bytes) {
  let text = "0x0";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return BigInt(text);
}
