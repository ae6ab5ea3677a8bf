/** Pictures of few colours: the palette, then the pixels by their numbers in it (docs/format.md, section 15). */

import { words } from "../coding/decisions.js";
import { readNumber } from "../container/header.js";
import { checkWork } from "../container/limits.js";
import { VlzError } from "../errors.js";
import { SLANT } from "./contexts.js";
import { MOST_COLOURS, Ranking } from "./ranking.js";

const HALF = 1 << 23;
/** Channels in the order in which a colour has them. */
export const ORDER = [[], [0], [0, 1], [1, 0, 2], [1, 0, 2, 3]];

/**
 * Return the samples of a picture.
 * @param {Uint8Array} data
 * @param {number} height
 * @param {number} width
 * @param {number} channels
 * @param {import("../store.js").Numbers} logistic the format's table
 * @param {((part: number) => void) | undefined} progress
 */
export function readPalette(data, height, width, channels, logistic, progress) {
  const [last, start] = readNumber(data, 0);
  if (last >= MOST_COLOURS) throw new VlzError(`a palette of ${last + 1} colours is too long: damaged`);
  checkWork(height, width, SLANT, data.length - start);
  const coder = words(data.subarray(start));
  const colours = readColours(coder, last + 1, channels);
  const numbers = new Ranking(height, width, last + 1, logistic).decode(coder, progress);
  const samples = new Uint8Array(numbers.length * channels);
  for (let i = 0, to = 0; i < numbers.length; i++) {
    const first = numbers[i] * channels;
    if (first >= colours.length) throw new VlzError("it has colours that are not in its palette: damaged");
    for (let c = 0; c < channels; c++) samples[to++] = colours[first + c];
  }
  return samples;
}

/**
 * Return the colours one behind the other.
 * @param {import("../coding/range.js").RangeDecoder} coder
 * @param {number} count
 * @param {number} channels
 */
function readColours(coder, count, channels) {
  const [first, ...others] = ORDER[channels];
  const colours = new Uint8Array(count * channels);
  let level = 0;
  for (let at = 0; at < colours.length; at += channels) {
    while (!coder.decide(HALF)) if (++level > 255) throw new VlzError("its palette goes beyond the highest level: damaged");
    colours[at + first] = level;
    for (const channel of others) {
      for (let bit = 0; bit < 8; bit++) colours[at + channel] = 2 * colours[at + channel] + coder.decide(HALF);
    }
  }
  return colours;
}
