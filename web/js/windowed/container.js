/** The file of a picture of any size by a model with a window, lossy or exact. */

import { WINDOWED_LOSSLESS, cutShort, parseHead, readNumber, readSize } from "../container/header.js";
import { VlzError } from "../errors.js";

const [UNSCALED, MOST_DOWNSCALED] = [4, 64];
const [FREE_WORK, STEP_WORK] = [2 ** 18, 256];

/**
 * @typedef {{ prefix: Uint8Array, grey: boolean, width: number, size: [number, number], rows: number, columns: number,
 *   payload: Uint8Array, residual?: Uint8Array, checked: number, downscaled: boolean }} WindowedFile
 *   `width` is the number of the quantisation width, `size` the picture's height and width, `rows` and `columns` those
 *   of what is coded
 */

/**
 * Return the parts of a file whose model is not known yet; checksums are left unread.
 * @param {Uint8Array} data
 * @returns {WindowedFile}
 */
export function parseWindowed(data) {
  const { mode, prefix } = parseHead(data);
  const exact = mode === WINDOWED_LOSSLESS;
  let [place, downscale] = [7, UNSCALED];
  const downscaled = (data[6] & 64) > 0;
  if (downscaled) {
    downscale = data[place++];
    if (exact || downscale <= UNSCALED || downscale > MOST_DOWNSCALED) throw new VlzError("its downscaling factor is impossible: damaged");
  }
  const [height, width, afterSize] = readSize(data, place);
  const [length, start] = exact ? readNumber(data, afterSize) : [data.length - 2 - afterSize, afterSize];
  const checked = start + length + 2;
  if (length < 0 || data.length < checked) throw cutShort(data);
  return {
    prefix, grey: data[6] >= 128, width: data[6] & 63, size: [height, width],
    rows: Math.ceil((4 * height) / downscale), columns: Math.ceil((4 * width) / downscale),
    payload: data.subarray(start, start + length), checked, downscaled,
    residual: exact ? data.subarray(checked, Math.max(checked, data.length - 2)) : undefined,
  };
}

/**
 * Refuse a file that holds too little for the work that it announces.
 * @param {WindowedFile} file
 * @param {boolean} preview whether its exact pixels are left alone
 */
export function checkWork({ rows, columns, payload, residual }, preview) {
  const work = rows * columns + STEP_WORK * (rows + columns);
  const least = Math.floor(Math.max(0, work - FREE_WORK) / 1024) & -4;
  const held = Math.min(payload.length, residual && !preview ? residual.length : payload.length);
  if (held < least) throw new VlzError(`${held} bytes are too few for ${columns} x ${rows} coded pixels: damaged`);
}
