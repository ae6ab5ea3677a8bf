/** Pictures of at most 256 colours: the palette, then the pixels by their numbers in it (docs/format.md, section 15). */

import { words } from "../coding/decisions.js";
import { checkWork } from "../container/limits.js";
import { VlzError } from "../errors.js";
import { SLANT } from "./contexts.js";
import { Ranking } from "./ranking.js";

const HALF = 1 << 23;
/** Channels in the order in which a colour has them. */
const ORDER = [[], [0], [0, 1], [1, 0, 2], [1, 0, 2, 3]];

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
  if (!data.length) throw new VlzError("it has no palette: damaged");
  checkWork(height, width, SLANT, data.length - 1);
  const coder = words(data.subarray(1));
  const colours = readColours(coder, data[0] + 1, channels);
  const numbers = new Ranking(height, width, data[0] + 1, logistic).decode(coder, progress);
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
