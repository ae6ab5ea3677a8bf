/** Bits of a lossless WebP image, the lowest of a byte first, and its prefix codes. */

import { VlzError } from "../errors.js";

const LONGEST = 15;
const ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

export class Bits {
  /** @param {Uint8Array} data */
  constructor(data) {
    this.data = data;
    this.place = 0;
  }

  /**
   * Return the next number of some bits.
   * @param {number} count at most 24
   */
  read(count) {
    const { data, place } = this;
    this.place += count;
    if (this.place > 8 * data.length) throw new VlzError("its WebP image is cut short: damaged");
    const at = place >> 3;
    const word = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24);
    return (word >>> (place & 7)) & (2 ** count - 1);
  }
}

/** A canonical prefix code. */
export class PrefixCode {
  /**
   * Read a code of an alphabet.
   * @param {Bits} bits
   * @param {number} size of the alphabet
   */
  static read(bits, size) {
    const lengths = new Uint8Array(size);
    if (bits.read(1)) {
      const more = bits.read(1);
      const first = bits.read(bits.read(1) ? 8 : 1);
      const symbols = more ? [first, bits.read(8)] : [first];
      for (const symbol of symbols) {
        if (symbol >= size) throw new VlzError("its WebP image has a symbol beyond its alphabet: damaged");
        lengths[symbol] = 1;
      }
      return new PrefixCode(lengths);
    }
    const own = new Uint8Array(19);
    for (let i = 0, count = 4 + bits.read(4); i < count; i++) own[ORDER[i]] = bits.read(3);
    const code = new PrefixCode(own);
    let left = bits.read(1) ? 2 + bits.read(2 + 2 * bits.read(3)) : size;
    for (let symbol = 0, before = 8; symbol < size && left > 0; left--) {
      const told = code.next(bits);
      if (told < 16) {
        lengths[symbol++] = told;
        if (told) before = told;
        continue;
      }
      const times = told === 16 ? 3 + bits.read(2) : told === 17 ? 3 + bits.read(3) : 11 + bits.read(7);
      if (symbol + times > size) throw new VlzError("its WebP image has too many lengths of codes: damaged");
      lengths.fill(told === 16 ? before : 0, symbol, (symbol += times));
    }
    return new PrefixCode(lengths);
  }

  /** @param {Uint8Array} lengths of the symbols' codes; a single one takes no bits */
  constructor(lengths) {
    this.counts = new Int32Array(LONGEST + 1);
    for (const length of lengths) this.counts[length]++;
    this.counts[0] = 0;
    /** @type {number[]} */
    this.symbols = [];
    for (let length = 1; length <= LONGEST; length++) {
      lengths.forEach((one, symbol) => one === length && this.symbols.push(symbol));
    }
    let space = 1;
    for (let length = 1; length <= LONGEST; length++) space = 2 * space - this.counts[length];
    if (!this.symbols.length || (this.symbols.length > 1 && space !== 0)) {
      throw new VlzError("its WebP image has an incomplete prefix code: damaged");
    }
  }

  /**
   * Return the next symbol.
   * @param {Bits} bits
   */
  next(bits) {
    if (this.symbols.length === 1) return this.symbols[0];
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; length <= LONGEST; length++) {
      code |= bits.read(1);
      const count = this.counts[length];
      if (code - first < count) return this.symbols[index + code - first];
      index += count;
      first = 2 * (first + count);
      code *= 2;
    }
    throw new VlzError("its WebP image has no such code: damaged");
  }
}
