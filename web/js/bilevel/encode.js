/**
 * The tree-search code of a bilevel picture: the sender's search for the path through the shared tree whose picture means
 * most nearly the same. What is computed here decides no pixel, so doubles need not be exact.
 */

import { crc16 } from "../container/checksums.js";
import { FRACTION, LIMIT, clamp } from "../exact/layers.js";
import { philox } from "../exact/philox.js";
import { fromHex } from "../store.js";
import { posterior } from "./bits_back.js";
import { blockBits, prior } from "./latents.js";
import { PixelNet, features } from "./pixels.js";

const BEAM = 64;
const DRAWN = 16;
const MAX_CHILDREN = 1 << 17;
const LEVEL = 16;
const UNIT = 16384;

/**
 * @typedef {import("../exact/layers.js").Layers} Layers
 * @typedef {import("./latents.js").Tables} Tables
 * @typedef {{ path: bigint, z: Float64Array, score: number }} Leaf
 * @typedef {ReturnType<typeof posterior>} Posterior
 */

/**
 * Return the file of a picture.
 * @param {Layers} layers
 * @param {Tables} tables
 * @param {Uint8Array} pixels 0s and 1s of the model's size
 * @param {number} bytes of the code
 * @param {(part: number) => void} [progress]
 */
export function encode(layers, tables, pixels, bytes, progress) {
  const meant = posterior(layers, tables, pixels);
  const leaves = search(layers, tables, meant, 8 * bytes).slice(0, DRAWN);
  let [best, least] = [leaves[0], Infinity];
  leaves.forEach((leaf, i) => {
    const drawn = new PixelNet(layers, tables, features(layers, leaf.z)).draw([0, 0], 0);
    const far = distance(meant, posterior(layers, tables, drawn));
    if (far < least) [best, least] = [leaf, far];
    progress?.((i + 1) / leaves.length);
  });
  return file(layers.model.fingerprint, best.path, bytes);
}

/**
 * Return a file of a path through the tree.
 * @param {string} fingerprint
 * @param {bigint} path
 * @param {number} bytes
 */
function file(fingerprint, path, bytes) {
  const whole = fromHex(fingerprint);
  const out = new Uint8Array(8 + bytes);
  out.set([0xd6, 0x5a, 0x10, ...whole.subarray(0, 3)]);
  for (let i = 0; i < bytes; i++) out[6 + i] = Number((path >> BigInt(8 * (bytes - 1 - i))) & 255n);
  const crc = crc16(whole, out.subarray(0, 6 + bytes));
  out.set([crc & 255, crc >> 8], 6 + bytes);
  return out;
}

/**
 * Return the best leaves, best first: a beam search for the largest log q(z|x) - log p(z).
 * @param {Layers} layers
 * @param {Tables} tables
 * @param {Posterior} meant
 * @param {number} bits
 * @returns {Leaf[]}
 */
function search(layers, tables, meant, bits) {
  const { latent, prior_blocks: blocks, block_shares: shares } = layers.model.info;
  const size = latent / blocks;
  /** @type {Leaf[]} */
  let kept = [{ path: 0n, z: new Float64Array(latent), score: 0 }];
  blockBits(bits, shares).forEach((count, block) => {
    kept = kept.slice(0, Math.max(1, MAX_CHILDREN >> count));
    const found = kept.map((parent) => children(layers, tables, meant, parent, block, size, count));
    const order = found.flatMap(({ scores }, from) => Array.from(scores, (score, child) => ({ score, from, child })));
    order.sort((a, b) => b.score - a.score);
    kept = order.slice(0, BEAM).map(({ score, from, child }) => {
      const z = Float64Array.from(kept[from].z);
      z.set(found[from].z.subarray(child * size, (child + 1) * size), block * size);
      return { path: (kept[from].path << BigInt(count)) + BigInt(child), z, score };
    });
  });
  return kept;
}

/**
 * Return scores and latents of the children of a node, for one block.
 * @param {Layers} layers
 * @param {Tables} tables
 * @param {Posterior} meant
 * @param {Leaf} parent
 * @param {number} block
 * @param {number} size
 * @param {number} count of bits
 */
function children(layers, tables, meant, parent, block, size, count) {
  const { means, scales } = prior(layers, tables, parent.z, block, size);
  const [z, scores] = [new Float64Array(size * 2 ** count), new Float64Array(2 ** count)];
  const words = new Uint32Array(4);
  const base = parent.path << BigInt(count);
  const [low, high] = [Number(base & 0xffffffffn), Number(base >> 32n)];
  for (let child = 0; child < scores.length; child++) {
    let score = parent.score;
    for (let i = 0, call = -1; i < size; i++) {
      const at = block * size + i;
      // The children's numbers differ in low bits alone, so that there is no carry.
      if (at >> 3 !== call) philox((low + child) >>> 0, high, (call = at >> 3), LEVEL + block, 0, 0, words);
      const word = words[(at & 7) >> 1];
      const noise = tables.quantile[at & 1 ? word >>> 16 : word & 0xffff];
      const value = clamp(means[i] + Math.floor((scales[i] * noise + 32768) / 65536), -LIMIT, LIMIT);
      z[child * size + i] = value;
      score += logDensity(value, meant.means[at], meant.scales[at]) - logDensity(value, means[i], scales[i]);
    }
    scores[child] = score;
  }
  return { z, scores };
}

/**
 * Return log N(z; mean, scale^2) but for a constant.
 * @param {number} z
 * @param {number} mean
 * @param {number} scale
 */
function logDensity(z, mean, scale) {
  const far = (z - mean) / FRACTION / (scale / UNIT);
  return -0.5 * far * far - Math.log(scale / UNIT);
}

/**
 * Return how far a picture's posterior means are from another's, in the other's standard deviations, squared.
 * @param {Posterior} meant
 * @param {Posterior} seen
 */
function distance(meant, seen) {
  return meant.means.reduce((sum, mean, i) => sum + ((seen.means[i] - mean) / FRACTION / (meant.scales[i] / UNIT)) ** 2, 0);
}
