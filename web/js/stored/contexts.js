/** What is known around a pixel of a picture in few colours, and the hashes of it (docs/format.md, section 15). */

export const SLANT = 3;
/** Columns beside the picture of colour 0, and rows above it. */
export const BESIDE = 16;
export const ABOVE = 8;
/** Contexts of a question. */
export const CONTEXTS = 8;
/** Contexts whose last colours are candidates. */
export const LOOKED_UP = 2;
const HASH_BITS = 20;
export const CELLS = 1 << HASH_BITS;
/** Places by which a hash is moved to be a cell's number. */
export const SHIFT = 32 - HASH_BITS;
const NEAR = [
  [0, -1], [1, 0], [1, -1], [1, 1], [0, -2], [2, 0], [2, 1], [1, 2], [2, -1], [1, -2], [0, -3], [2, 3], [3, 0], [0, -4], [4, 0],
  [3, 3], [2, -3],
];
const PAIRS = [[0, 1], [1, 2], [1, 3], [0, 2], [4, 0], [5, 1], [7, 3], [6, 3], [0, 3], [9, 2], [8, 2]];
const FAR = [
  [5, 0], [4, 3], [0, -8], [2, 3], [1, -8], [3, -5], [2, 4], [6, 6], [3, 6], [4, -3], [0, -5],
  [7, 0], [6, 12], [0, -12], [4, -8], [6, -6], [3, 8], [6, 16], [1, -14], [7, 7], [7, -10], [2, -11], [5, 5],
];
const FIRST_PAIR = NEAR.length;
const [FIRST_FAR, NEARER, RELATED] = [FIRST_PAIR + PAIRS.length, 11, 6];
const FIRST_RELATED = FIRST_FAR + FAR.length;
const [VALUE, NUMBER, TRUST] = [FIRST_RELATED + RELATED, FIRST_RELATED + RELATED + 1, FIRST_RELATED + RELATED + 2];
const FEATURES = TRUST + 1;
const span = (/** @type {number} */ first, /** @type {number} */ end) => Array.from({ length: end - first }, (_, i) => first + i);
const SIX = span(FIRST_RELATED, VALUE);
/** Features of the contexts of a candidate, of a node of the tree of colours, and of those that are looked up. */
const LISTS = [
  [...span(FIRST_PAIR, FIRST_FAR), ...SIX, NUMBER, TRUST], [0, 1, 3, VALUE, NUMBER], [...span(0, 13), VALUE, NUMBER],
  [...span(0, 6), VALUE, NUMBER], [...SIX, VALUE, NUMBER, TRUST],
  [...span(FIRST_PAIR, FIRST_PAIR + 7), ...span(FIRST_FAR, FIRST_FAR + NEARER), ...SIX, NUMBER],
  [...span(FIRST_FAR + NEARER, FIRST_RELATED), ...SIX, NUMBER], [0, ...span(13, 17), VALUE, NUMBER],
  [VALUE], [0, VALUE], [1, VALUE], [0, 1, VALUE], [3, VALUE], [0, 2, VALUE], [...span(0, 6), VALUE], [1, 3, VALUE],
  span(0, FIRST_PAIR), span(0, 9),
];

/**
 * Return a hash of 32 bits, of which the highest 20 are a cell's number.
 * @param {number} a
 */
export function hashed(a) {
  const b = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d);
  return b ^ (b >>> 13);
}

/**
 * Return the factor of a feature in a context, 0 where it has no part.
 * @param {number} context
 * @param {number} feature
 */
function factor(context, feature) {
  return LISTS[context].includes(feature) ? hashed(Math.imul(FEATURES * context + feature + 1, 0x9e3779b1)) | 1 : 0;
}

/**
 * Return the factors of a feature in some contexts.
 * @param {number} feature
 * @param {number} first context
 */
const factors = (feature, first) => Int32Array.from({ length: CONTEXTS }, (_, c) => factor(first + c, feature));

/**
 * Return what features of 0 and 1 add to a context, by the word of which they are the bits.
 * @param {number} context
 * @param {number} first feature, the lowest bit
 * @param {number} count of features
 */
function sums(context, first, count) {
  const found = new Int32Array(1 << count);
  for (let word = 1; word < found.length; word++) {
    const bit = 31 - Math.clz32(word);
    found[word] = found[word ^ (1 << bit)] + factor(context, first + bit);
  }
  return found;
}

/** Contexts of a candidate or looked up that colours have a part in, and the colours' factors there, colour by colour. */
const OF_COLOURS = [1, 2, 3, 7, 16, 17];
const COLOURS = Int32Array.from(span(0, FIRST_PAIR).flatMap((feature) => OF_COLOURS.map((c) => factor(c, feature))));
/** Factors of related colours in the contexts of a node. */
const NODES = Int32Array.from(span(0, RELATED).flatMap((feature) => [...factors(feature, CONTEXTS)]));
const [PAIR_A, PAIR_B] = [0, 1].map((side) => Uint8Array.from(PAIRS, (pair) => pair[side]));
const [PAIRS_0, PAIRS_5] = [sums(0, FIRST_PAIR, PAIRS.length), sums(5, FIRST_PAIR, PAIRS.length)];
const [NEARER_5, FARTHER_6] = [sums(5, FIRST_FAR, NEARER), sums(6, FIRST_FAR + NEARER, FAR.length - NEARER)];
const RELATED_SUMS = Int32Array.from(span(0, CONTEXTS).flatMap((c) => [...sums(c, FIRST_RELATED, RELATED)]));
const [VALUES, NUMBERS, TRUSTS, NODE] = [factors(VALUE, 0), factors(NUMBER, 0), factors(TRUST, 0), factors(VALUE, CONTEXTS)];

/** Contexts of the pixels of a line. */
export class Contexts {
  /**
   * @param {Uint16Array} places the picture with its borders
   * @param {number} stride pixels of a row of it
   * @param {number} most pixels of a line
   */
  constructor(places, stride, most) {
    this.places = places;
    const offsets = (/** @type {number[][]} */ list) => Int32Array.from(list, ([row, column]) => column - row * stride);
    this.near = offsets(NEAR);
    this.far = offsets(FAR);
    this.around = new Uint16Array(NEAR.length);
    this.sums = new Int32Array(most * (CONTEXTS + LOOKED_UP));
    this.six = new Uint16Array(most * RELATED);
  }

  /**
   * Take in the neighbours of a pixel.
   * @param {number} at place of the pixel
   * @param {number} slot number of the pixel in its line
   */
  read(at, slot) {
    const { places, near, far, around, sums, six } = this;
    let [c1, c2, c3, c7, c16, c17] = [0, 0, 0, 0, 0, 0];
    for (let i = 0, f = 0; i < FIRST_PAIR; i++, f += 6) {
      const colour = places[at + near[i]];
      around[i] = colour;
      c1 = (c1 + Math.imul(COLOURS[f], colour)) | 0;
      c2 = (c2 + Math.imul(COLOURS[f + 1], colour)) | 0;
      c3 = (c3 + Math.imul(COLOURS[f + 2], colour)) | 0;
      c7 = (c7 + Math.imul(COLOURS[f + 3], colour)) | 0;
      c16 = (c16 + Math.imul(COLOURS[f + 4], colour)) | 0;
      c17 = (c17 + Math.imul(COLOURS[f + 5], colour)) | 0;
    }
    for (let i = 0; i < RELATED; i++) six[slot * RELATED + i] = around[i];
    let [pairs, distant] = [0, 0];
    for (let i = 0; i < PAIR_A.length; i++) pairs |= (around[PAIR_A[i]] === around[PAIR_B[i]] ? 1 : 0) << i;
    const above = around[1];
    for (let i = 0; i < far.length; i++) distant |= (places[at + far[i]] === above ? 1 : 0) << i;
    const first = slot * (CONTEXTS + LOOKED_UP);
    sums[first] = PAIRS_0[pairs];
    sums[first + 1] = c1;
    sums[first + 2] = c2;
    sums[first + 3] = c3;
    sums[first + 5] = PAIRS_5[pairs] + NEARER_5[distant & ((1 << NEARER) - 1)];
    sums[first + 6] = FARTHER_6[distant >> NEARER];
    sums[first + 7] = c7;
    sums[first + 8] = c16;
    sums[first + 9] = c17;
  }

  /**
   * Return a neighbour of a pixel, of the first ones.
   * @param {number} slot
   * @param {number} number
   */
  neighbour(slot, number) {
    return this.six[slot * RELATED + number];
  }

  /**
   * Return the cell of a pixel that holds a candidate.
   * @param {number} slot
   * @param {number} number of the candidate
   */
  lookedUp(slot, number) {
    return number * CELLS + (hashed(this.sums[slot * (CONTEXTS + LOOKED_UP) + CONTEXTS + number]) >>> SHIFT);
  }

  /**
   * Put the cells of the question whether a pixel has a candidate's colour into an array, from a place on.
   * @param {number} slot
   * @param {number} colour
   * @param {number} number of the candidate
   * @param {number} trust
   * @param {Int32Array} cells
   * @param {number} place
   */
  candidate(slot, colour, number, trust, cells, place) {
    const { sums, six } = this;
    let related = 0;
    for (let i = 0; i < RELATED; i++) related |= (six[slot * RELATED + i] === colour ? 1 : 0) << i;
    const first = slot * (CONTEXTS + LOOKED_UP);
    for (let c = 0; c < CONTEXTS; c++) {
      const question = Math.imul(VALUES[c], colour) + Math.imul(NUMBERS[c], number) + Math.imul(TRUSTS[c], trust);
      const sum = (sums[first + c] + RELATED_SUMS[(c << RELATED) + related] + question) | 0;
      cells[place + c] = c * CELLS + (hashed(sum) >>> SHIFT);
    }
  }

  /**
   * Put the cells of a bit of a pixel's number into an array, from a place on.
   * @param {number} slot
   * @param {number} node of the tree of colours
   * @param {Int32Array} cells
   * @param {number} place
   */
  node(slot, node, cells, place) {
    const { six } = this;
    for (let c = 0; c < CONTEXTS; c++) {
      let sum = Math.imul(NODE[c], node);
      for (let i = 0; i < RELATED; i++) sum = (sum + Math.imul(NODES[i * CONTEXTS + c], six[slot * RELATED + i])) | 0;
      cells[place + c] = c * CELLS + (hashed(sum) >>> SHIFT);
    }
  }
}
