/**
 * Plain layers in doubles, which hold every sum: inputs that are not 0 are gathered first, most being 0 behind a ReLU.
 */

/**
 * @typedef {{ weight: Float64Array, bias: Float64Array, inputs: number, outputs: number, shift: number }} Layer
 */

/** Inputs that are not 0, with the places of their weights. */
export class Gathered {
  /** @param {number} most inputs */
  constructor(most) {
    this.places = new Int32Array(most);
    this.values = new Float64Array(most);
    this.count = 0;
  }

  /**
   * Begin anew with the values of x from `at` on.
   * @param {Float64Array} x
   * @param {number} at
   * @param {number} count
   */
  of(x, at, count) {
    this.count = 0;
    this.add(x, at, count, 0);
    return this;
  }

  /**
   * Add values of x, the first of which is the layer's input `first`.
   * @param {Float64Array} x
   * @param {number} at
   * @param {number} count
   * @param {number} first
   */
  add(x, at, count, first) {
    const { places, values } = this;
    let n = this.count;
    for (let i = 0; i < count; i++) {
      const value = x[at + i];
      if (value !== 0) {
        places[n] = first + i;
        values[n++] = value;
      }
    }
    this.count = n;
  }

  /**
   * Begin anew with the positive values of x.
   * @param {Float64Array} x
   */
  positive(x) {
    const { places, values } = this;
    let n = 0;
    for (let i = 0; i < x.length; i++) {
      const value = x[i];
      if (value > 0) {
        places[n] = i;
        values[n++] = value;
      }
    }
    this.count = n;
    return this;
  }

  /**
   * Write what a layer makes of the values.
   * @param {Layer} layer
   * @param {number} limit
   * @param {Float64Array} out
   * @param {number} at
   */
  through(layer, limit, out, at) {
    const { weight, bias, outputs, shift } = layer;
    const { places, values, count } = this;
    const half = shift ? 2 ** (shift - 1) : 0;
    const scale = 2 ** -shift;
    let j = 0;
    // Four sums at a time are kept in registers.
    for (; j + 4 <= outputs; j += 4) {
      let s0 = bias[j] + half;
      let s1 = bias[j + 1] + half;
      let s2 = bias[j + 2] + half;
      let s3 = bias[j + 3] + half;
      for (let k = 0; k < count; k++) {
        const w = places[k] * outputs + j;
        const value = values[k];
        s0 += value * weight[w];
        s1 += value * weight[w + 1];
        s2 += value * weight[w + 2];
        s3 += value * weight[w + 3];
      }
      out[at + j] = clamp(Math.floor(s0 * scale), -limit, limit);
      out[at + j + 1] = clamp(Math.floor(s1 * scale), -limit, limit);
      out[at + j + 2] = clamp(Math.floor(s2 * scale), -limit, limit);
      out[at + j + 3] = clamp(Math.floor(s3 * scale), -limit, limit);
    }
    for (; j < outputs; j++) {
      let sum = bias[j] + half;
      for (let k = 0; k < count; k++) sum += values[k] * weight[places[k] * outputs + j];
      out[at + j] = clamp(Math.floor(sum * scale), -limit, limit);
    }
  }
}

/** @param {number} x @param {number} low @param {number} high */
export function clamp(x, low, high) {
  return x < low ? low : x > high ? high : x;
}
