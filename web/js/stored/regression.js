/**
 * Linear predictions of samples by least squares over what was decoded (docs/format.md, section 15).
 *
 * Each operation on doubles is one of the format, in its order, or one on whole numbers. Moments are the lower triangle of
 * a matrix of K rows, row by row, and its right side as row K.
 */

const [RIDGE, WIDER] = [8, 4];
const [UNIT, COEFFICIENT_MOST, FADING] = [65536, 2 ** 31, 511 / 512];
const TINY = 2 ** -32;

/**
 * Return how many moments of K features there are.
 * @param {number} count K
 */
const sizeOf = (count) => (count * (count + 3)) / 2;

/** Elimination: moments go in, and coefficients come out as their last row. */
class Solver {
  /**
   * @param {number} count of features
   * @param {number} ridge
   */
  constructor(count, ridge) {
    this.count = count;
    this.ridge = ridge;
    this.moments = new Float64Array(sizeOf(count));
    /** Where the coefficients are. */
    this.first = sizeOf(count) - count;
    this.column = new Float64Array(count + 1);
  }

  solve() {
    const { count, ridge, moments, column, first } = this;
    for (let k = 0, diagonal = 0; k < count; diagonal += ++k + 1) {
      const pivot = Math.max(moments[diagonal] + ridge, ridge);
      for (let i = k + 1, row = diagonal + k + 1; i < count; row += ++i) {
        const plain = moments[row];
        const share = plain / pivot;
        column[i] = plain;
        moments[row] = share;
        for (let j = k + 1, at = row + 1; j <= i; j++, at++) moments[at] -= share * column[j];
      }
      const share = moments[first + k] / pivot;
      moments[first + k] = share;
      for (let j = k + 1; j < count; j++) moments[first + j] -= share * column[j];
    }
    for (let i = count - 1, row = first - count; i > 0; row -= i--) {
      const known = moments[first + i];
      for (let j = 0; j < i; j++) moments[first + j] -= moments[row + j] * known;
    }
  }
}

/** Predictions from the samples around each one, whose weights fall by a factor with each column and row. */
export class Local {
  /**
   * @param {number} rows of all planes, with one above each plane
   * @param {number} count features that are used, the first ones
   * @param {number} column factor
   * @param {number} row factor
   */
  constructor(rows, count, column, row) {
    this.count = count;
    this.column = column;
    this.row = row;
    this.size = sizeOf(count);
    this.beside = new Float64Array(rows * this.size);
    this.all = new Float64Array(rows * this.size);
    this.solver = new Solver(count, RIDGE);
  }

  /**
   * Return the prediction of a row's next sample: of the rows of a step from the lowest to the highest one.
   * @param {number} row
   * @param {Float64Array} features
   * @param {number} place
   */
  predict(row, features, place) {
    const { count, size, beside, all, solver } = this;
    const { moments, first } = solver;
    const { column: g, row: h } = this;
    for (let i = 0, own = row * size; i < size; i++, own++) {
      const faded = beside[own] * g;
      const sum = all[own - size] * h + faded;
      beside[own] = faded;
      all[own] = sum;
      moments[i] = sum;
    }
    solver.solve();
    let predicted = moments[first] * features[place];
    for (let i = 1; i < count; i++) predicted += moments[first + i] * features[place + i];
    return predicted;
  }

  /**
   * Add the sample that was predicted in a row.
   * @param {number} row
   * @param {Float64Array} features
   * @param {number} place
   * @param {number} target
   */
  learn(row, features, place, target) {
    const { count, size, beside, all } = this;
    let at = row * size;
    for (let i = 0; i <= count; i++) {
      const factor = i < count ? features[place + i] : target;
      for (let j = 0; j <= i && j < count; j++, at++) {
        const moment = factor * features[place + j];
        beside[at] += moment;
        all[at] += moment;
      }
    }
  }

  /** Set moments near 0 to 0. */
  flush() {
    for (const moments of [this.beside, this.all]) {
      for (let i = 0; i < moments.length; i++) if (Math.abs(moments[i]) < TINY) moments[i] = 0;
    }
  }
}

/** Predictions from all samples of a plane before; coefficients are those of the step before. */
export class Global {
  /** @param {number} count features */
  constructor(count) {
    this.count = count;
    this.moments = new Float64Array(sizeOf(count));
    this.added = new Float64Array(sizeOf(count));
    this.coefficients = new Float64Array(count);
    this.solver = new Solver(count, WIDER * RIDGE);
  }

  /**
   * Return the prediction of a sample.
   * @param {Float64Array} features
   * @param {number} place
   */
  predict(features, place) {
    const { count, coefficients } = this;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += coefficients[i] * features[place + i];
    return sum / UNIT;
  }

  /**
   * Take in a sample of the step.
   * @param {Float64Array} features
   * @param {number} place
   * @param {number} target
   */
  learn(features, place, target) {
    const { count, added } = this;
    let at = 0;
    for (let i = 0; i <= count; i++) {
      const factor = i < count ? features[place + i] : target;
      for (let j = 0; j <= i && j < count; j++, at++) added[at] += factor * features[place + j];
    }
  }

  /** Add the samples of the step, of which there are some. */
  add() {
    const { moments, added } = this;
    for (let i = 0; i < moments.length; i++) moments[i] = moments[i] * FADING + added[i];
    added.fill(0);
  }

  /** Find new coefficients. */
  renew() {
    const { count, moments, coefficients, solver } = this;
    solver.moments.set(moments);
    solver.solve();
    for (let i = 0; i < count; i++) {
      const whole = Math.floor(solver.moments[solver.first + i] * UNIT + 0.5);
      coefficients[i] = Math.max(-COEFFICIENT_MOST, Math.min(COEFFICIENT_MOST, whole));
    }
  }
}
