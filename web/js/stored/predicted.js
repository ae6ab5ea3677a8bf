/** Pictures of many colours: their samples by prediction (docs/format.md, section 15). */

import { words } from "../coding/decisions.js";
import { checkWork } from "../container/limits.js";
import { ORDER } from "./palette.js";
import { COST, SLANT } from "./planes.js";
import { Prediction } from "./prediction.js";

/**
 * Return the samples of a picture.
 * @param {Uint8Array} data
 * @param {number} height
 * @param {number} width
 * @param {number} channels
 * @param {import("../store.js").Numbers} logistic the format's table
 * @param {((part: number) => void) | undefined} progress
 */
export function readPredicted(data, height, width, channels, logistic, progress) {
  checkWork(height, width, SLANT, data.length, COST);
  const planes = new Prediction(channels, height, width, logistic).decode(words(data), progress);
  const samples = new Uint8Array(height * width * channels);
  ORDER[channels].forEach((channel, plane) => {
    for (let row = 0, to = channel; row < height; row++) {
      for (const sample of planes.row(plane, row)) {
        samples[to] = sample;
        to += channels;
      }
    }
  });
  return samples;
}
