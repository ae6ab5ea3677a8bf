/** The ANS stack of lossless archives: 64 bits of state, words of 32 bits, widths of 2^-24. */

import { VlzError } from "../errors.js";

const ONE = 1 << 24;
const HALF = 1 << 23;
const PRECISION = 24n;
const LOW = 0xffffffn;

export class Stack {
  /** @param {Uint8Array} data */
  constructor(data) {
    const padded = new Uint8Array((data.length + 3) & -4);
    padded.set(data);
    this.words = [...new Uint32Array(padded.buffer)];
    if (this.words.length && !this.words.at(-1)) throw new VlzError("its coded bits end in a word of zeros: damaged");
    this.state = 0n;
    for (let i = 0; i < 2; i++) this.state = (this.state << 32n) | BigInt(this.words.pop() ?? 0);
  }

  /** How many bits are on the stack, with fractions. */
  get bits() {
    return 32 * this.words.length + (this.state ? Math.log2(Number(this.state)) : 0);
  }

  /** The place of the next symbol in its distribution. */
  get quantile() {
    return Number(this.state & LOW);
  }

  /**
   * Take the symbol off that has this part of 2^24.
   * @param {number} start
   * @param {number} width
   */
  read(start, width) {
    this.state = (this.state >> PRECISION) * BigInt(width) + (this.state & LOW) - BigInt(start);
    if (this.state < 0x100000000n && this.words.length) this.state = (this.state << 32n) | BigInt(this.words.pop() ?? 0);
  }

  /**
   * Put the symbol on that has this part of 2^24.
   * @param {number} start
   * @param {number} width
   */
  write(start, width) {
    const whole = BigInt(width);
    if (this.state >= whole << 40n) {
      this.words.push(Number(this.state & 0xffffffffn));
      this.state >>= 32n;
    }
    this.state = ((this.state / whole) << PRECISION) | (BigInt(start) + (this.state % whole));
  }

  /**
   * Read a pixel.
   * @param {number} one probability of ink
   */
  pixel(one) {
    const none = ONE - one - (one < HALF ? 1 : 0);
    const ink = this.quantile >= none;
    if (ink) this.read(none, ONE - none);
    else this.read(0, none);
    return ink ? 1 : 0;
  }

  /**
   * Read numbers of some bits each.
   * @param {number} count
   * @param {number} bits
   * @returns {number[]}
   */
  numbers(count, bits) {
    if (bits > 12) {
      const low = this.numbers(count, 12);
      return this.numbers(count, bits - 12).map((high, i) => high * 4096 + low[i]);
    }
    const width = 2 ** (24 - bits);
    return Array.from({ length: count }, () => {
      const found = Math.floor(this.quantile / width);
      this.read(found * width, width);
      return found;
    });
  }

  /**
   * Write what `numbers` reads.
   * @param {number[]} values
   * @param {number} bits
   */
  pushNumbers(values, bits) {
    if (bits > 12) {
      this.pushNumbers(values.map((value) => value >> 12), bits - 12);
      values = values.map((value) => value & 4095);
      bits = 12;
    }
    const width = 2 ** (24 - bits);
    for (let i = values.length - 1; i >= 0; i--) this.write(values[i] * width, width);
  }

  /**
   * Read a uniform number below a size.
   * @param {number} size
   */
  below(size) {
    if (size === 1) return 0;
    const width = Math.floor(ONE / size);
    const found = Math.min(size - 1, Math.floor(this.quantile / width));
    this.read(found * width, found === size - 1 ? ONE - found * width : width);
    return found;
  }
}
