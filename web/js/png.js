/** PNG files of pictures: levels as they are, which a canvas with transparency would change. */

import { crc32 } from "./container/checksums.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10];
const KINDS = [0, 0, 4, 2, 6];

/**
 * Return the bytes of a PNG file.
 * @param {import("./picture.js").Picture} picture
 */
export async function encodePng(picture) {
  const { height, width, channels } = picture;
  const data = samples(picture);
  const unit = channels * (picture.low ? 2 : 1);
  const line = width * unit;
  const raw = new Uint8Array(height * (line + 1));
  for (let row = 0; row < height; row++) {
    // The filter that takes differences to the pixel on the left suits most pictures.
    const at = row * (line + 1);
    raw[at] = 1;
    for (let i = 0; i < line; i++) {
      raw[at + 1 + i] = data[row * line + i] - (i >= unit ? data[row * line + i - unit] : 0);
    }
  }
  const stream = new Blob([raw]).stream().pipeThrough(new CompressionStream("deflate"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([picture.low ? 16 : 8, KINDS[channels], 0, 0, 0], 8);
  const parts = [Uint8Array.from(SIGNATURE), chunk("IHDR", head), chunk("IDAT", packed), chunk("IEND", new Uint8Array())];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Return the bytes of samples, the high one of 16 bits first.
 * @param {import("./picture.js").Picture} picture
 */
export function samples({ data, low }) {
  if (!low) return data;
  const out = new Uint8Array(2 * data.length);
  for (let i = 0; i < data.length; i++) {
    out[2 * i] = data[i];
    out[2 * i + 1] = low[i];
  }
  return out;
}

/**
 * @param {string} name
 * @param {Uint8Array} body
 */
function chunk(name, body) {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(new TextEncoder().encode(name), 4);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
  return out;
}

/**
 * Return a picture as red, green, blue and alpha.
 * @param {import("./picture.js").Picture} picture
 */
export function toRgba({ height, width, channels, data }) {
  const out = new Uint8ClampedArray(4 * height * width).fill(255);
  const colours = channels < 3 ? [0, 0, 0] : [0, 1, 2];
  for (let i = 0, from = 0; i < out.length; i += 4, from += channels) {
    for (let c = 0; c < 3; c++) out[i + c] = data[from + colours[c]];
    if (channels % 2 === 0) out[i + 3] = data[from + channels - 1];
  }
  return out;
}
