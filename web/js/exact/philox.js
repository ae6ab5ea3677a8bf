/** Philox 4x32-10: random words from a counter and a key. */

/**
 * Return the high 32 bits of a product of 32-bit words.
 * @param {number} a
 * @param {number} b
 */
function high(a, b) {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  return (a1 * b1 + Math.floor(middle / 65536) + ((a0 * b1 + (middle & 0xffff)) / 65536)) >>> 0;
}

/**
 * Write the four words of a counter and a key, each of 32 bits, and return them.
 * @param {number} c0
 * @param {number} c1
 * @param {number} c2
 * @param {number} c3
 * @param {number} k0
 * @param {number} k1
 * @param {Uint32Array} [out]
 */
export function philox(c0, c1, c2, c3, k0, k1, out = new Uint32Array(4)) {
  for (let round = 0; round < 10; round++) {
    const h0 = high(c0, 0xd2511f53);
    const l0 = Math.imul(c0, 0xd2511f53);
    const h1 = high(c2, 0xcd9e8d57);
    const l1 = Math.imul(c2, 0xcd9e8d57);
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1 >>> 0;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0 >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}

/**
 * Return the low and the high word of a seed of 64 bits.
 * @param {number | bigint} seed
 * @returns {[number, number]}
 */
export function seedWords(seed) {
  const whole = BigInt(seed);
  return [Number(whole & 0xffffffffn), Number((whole >> 32n) & 0xffffffffn)];
}
