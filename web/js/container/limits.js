/** What files of exact pixels along a wavefront are refused for: they would cost more work than their bytes are worth. */

import { VlzError } from "../errors.js";

const [FREE_PIXELS, PIXELS_A_BYTE] = [2 ** 20, 2 ** 15];
const [LONGEST, FRONTIER] = [2 ** 15, 64];

/**
 * Refuse few bytes of many pixels, and pictures that are too thin.
 * @param {number} height
 * @param {number} width
 * @param {number} slant steps by which a row runs behind the row above it
 * @param {number} bytes
 * @param {number} cost of a step and a pixel, as times that of the cheapest walk
 */
export function checkWork(height, width, slant, bytes, cost = 1) {
  const pixels = height * width;
  const least = Math.floor(Math.max(0, cost * pixels - FREE_PIXELS) / PIXELS_A_BYTE) & -4;
  if (bytes < least) throw new VlzError(`${bytes} bytes are too few for ${width} x ${height} pixels: damaged`);
  const steps = width + slant * (height - 1);
  if (cost * steps > LONGEST && pixels <= FRONTIER * steps) throw new VlzError(`it codes ${width} x ${height} pixels, too thin for that: damaged`);
}
