/** A number in [0, 1) of which each decision takes a part: nothing is rounded, all is whole units of BigInt. */

const PRECISION = 24n;

export class Interval {
  /**
   * @param {Uint8Array} data the number's binary digits
   * @param {number} count of decisions
   */
  constructor(data, count) {
    this.unit = PRECISION * BigInt(count);
    let digits = "0x0";
    for (const byte of data) digits += byte.toString(16).padStart(2, "0");
    const excess = BigInt(8 * data.length) - this.unit;
    const value = BigInt(digits);
    this.rest = excess > 0n ? value >> excess : value << -excess;
    this.width = 1n;
  }

  /**
   * Return the next decision.
   * @param {number} one the probability of a 1, in units of 2^-24
   */
  pop(one) {
    this.unit -= PRECISION;
    const part = this.width * BigInt(one);
    const split = part << this.unit;
    if (this.rest < split) {
      this.width = part;
      return 1;
    }
    this.rest -= split;
    this.width = (this.width << PRECISION) - part;
    return 0;
  }
}
