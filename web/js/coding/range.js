/**
 * The range decoder of constriction's queue: 64 bits of state, words of 32 bits, frequencies of 2^-24.
 *
 * States are kept as two words of 32 bits; products of up to 64 bits are put together from doubles.
 */

import { VlzError } from "../errors.js";

const WORD = 2 ** 32;
const [ONE, HALF] = [2 ** 24, 2 ** 23];
const DIGIT = 2 ** 20;

export class RangeDecoder {
  /** @param {Uint8Array} data words, the low byte first; zeros follow them */
  constructor(data) {
    const padded = new Uint8Array((data.length + 7) & -4);
    padded.set(data);
    this.words = new Uint32Array(padded.buffer);
    this.place = 0;
    // How far the number that was sent lies above the interval's lower end, and the interval's width.
    this.high = this.next();
    this.low = this.next();
    this.rangeHigh = this.rangeLow = WORD - 1;
  }

  /** Return the next word. */
  next() {
    return this.place < this.words.length ? this.words[this.place++] : 0;
  }

  /**
   * Return the next symbol.
   * @param {ArrayLike<number>} cumulative sums of the frequencies before each symbol, and of all
   */
  pop(cumulative) {
    const scale = this.rangeHigh * 256 + (this.rangeLow >>> 24);
    const quantile = (this.high * WORD + this.low) / scale; // to within 2^-28
    let first = 0;
    let end = cumulative.length - 1;
    while (end - first > 1) {
      const middle = (first + end) >> 1;
      if (cumulative[middle] <= quantile) first = middle;
      else end = middle;
    }
    if (!this.below(scale, cumulative[first])) this.below(scale, cumulative[--first]);
    this.take(scale, cumulative[first + 1] - cumulative[first]);
    if (!this.inside()) {
      // The quotient was rounded down to the symbol before, or no encoder wrote this.
      if (++first > cumulative.length - 2) throw undecodable();
      [this.high, this.low] = minus(this.high, this.low, this.rangeHigh, this.rangeLow);
      this.take(scale, cumulative[first + 1] - cumulative[first]);
    }
    if (this.rangeHigh === 0) this.shift();
    return first;
  }

  /**
   * Return the next decision: what `pop` returns for two symbols, in less time.
   * @param {number} one the probability of a 1, in units of 2^-24
   */
  decide(one) {
    const { rangeHigh, rangeLow } = this;
    const none = ONE - one - (one < HALF ? 1 : 0);
    // The scale in two digits, each of which gives a product below 2^44.
    const upper = (rangeHigh >>> 12) * none;
    let high = Math.floor(upper / 4096);
    let low = (upper - 4096 * high) * DIGIT + (((rangeHigh & 4095) << 8) | (rangeLow >>> 24)) * none;
    const carry = Math.floor(low / WORD);
    high += carry;
    low -= carry * WORD;
    const decision = this.high > high || (this.high === high && this.low >= low) ? 1 : 0;
    if (decision) {
      let borrow = this.low < low ? 1 : 0;
      this.high -= high + borrow;
      this.low += borrow * WORD - low;
      // The rest of the scale: that times 2^24 is the interval without its last digits.
      const whole = rangeLow - (rangeLow & 0xffffff);
      borrow = whole < low ? 1 : 0;
      high = rangeHigh - high - borrow;
      low = whole - low + borrow * WORD;
      if (this.high > high || (this.high === high && this.low >= low)) throw undecodable();
    }
    this.rangeHigh = high;
    this.rangeLow = low;
    if (high === 0) this.shift();
    return decision;
  }

  /** Take in the next word. */
  shift() {
    this.high = this.low;
    this.low = this.next();
    this.rangeHigh = this.rangeLow;
    this.rangeLow = 0;
  }

  /**
   * Take scale * sum from the number, if it is that large.
   * @param {number} scale below 2^40
   * @param {number} sum at most 2^24
   */
  below(scale, sum) {
    const [productHigh, productLow] = times(scale, sum);
    if (productHigh > this.high || (productHigh === this.high && productLow > this.low)) return false;
    [this.high, this.low] = minus(this.high, this.low, productHigh, productLow);
    return true;
  }

  /**
   * Make the interval scale * frequency wide.
   * @param {number} scale
   * @param {number} frequency
   */
  take(scale, frequency) {
    [this.rangeHigh, this.rangeLow] = times(scale, frequency);
  }

  /** Return whether the number lies in the interval. */
  inside() {
    return this.high < this.rangeHigh || (this.high === this.rangeHigh && this.low < this.rangeLow);
  }
}

function undecodable() {
  return new VlzError("its coded bits cannot be decoded: damaged");
}

/**
 * Return the high and the low word of a product below 2^64.
 * @param {number} a below 2^40
 * @param {number} b at most 2^24
 * @returns {[number, number]}
 */
export function times(a, b) {
  const upper = Math.floor(a / DIGIT) * b;
  const lower = (a % DIGIT) * b;
  const low = (upper % 4096) * DIGIT + lower;
  const carry = Math.floor(low / WORD);
  return [Math.floor(upper / 4096) + carry, low - carry * WORD];
}

/**
 * Return the difference of two numbers of two words.
 * @param {number} high
 * @param {number} low
 * @param {number} lessHigh
 * @param {number} lessLow
 * @returns {[number, number]}
 */
export function minus(high, low, lessHigh, lessLow) {
  const borrow = low < lessLow ? 1 : 0;
  return [high - lessHigh - borrow, low - lessLow + borrow * WORD];
}
