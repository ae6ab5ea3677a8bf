/** PNG files of the tests, read: 1, 8 or 16 bits, grey, RGB, with alpha; no interlacing. */

import { inflateSync } from "node:zlib";

const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 };

/** @param {Buffer} data */
export function readPng(data) {
  const parts = [];
  let head;
  for (let at = 8; at < data.length; at += 12 + data.readUInt32BE(at)) {
    const body = data.subarray(at + 8, at + 8 + data.readUInt32BE(at));
    const name = data.toString("latin1", at + 4, at + 8);
    if (name === "IHDR") head = body;
    if (name === "IDAT") parts.push(body);
    if (name === "PLTE") throw new Error("a palette is not read");
  }
  const [width, height, depth] = [head.readUInt32BE(0), head.readUInt32BE(4), head[8]];
  const channels = CHANNELS[head[9]];
  const stride = Math.ceil((width * channels * depth) / 8);
  const unit = Math.max(1, (channels * depth) >> 3);
  const raw = inflateSync(Buffer.concat(parts));
  const rows = new Uint8Array(height * stride);
  for (let row = 0; row < height; row++) {
    const filter = raw[row * (stride + 1)];
    for (let i = 0; i < stride; i++) {
      const left = i >= unit ? rows[row * stride + i - unit] : 0;
      const up = row ? rows[(row - 1) * stride + i] : 0;
      const corner = row && i >= unit ? rows[(row - 1) * stride + i - unit] : 0;
      const told = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      rows[row * stride + i] = raw[row * (stride + 1) + 1 + i] + told;
    }
  }
  if (depth >= 8) return { width, height, channels, data: rows };
  const spread = new Uint8Array(height * width);
  for (let i = 0; i < spread.length; i++) {
    const [row, column] = [Math.floor(i / width), i % width];
    spread[i] = 255 * ((rows[row * stride + (column >> 3)] >> (7 - (column & 7))) & 1);
  }
  return { width, height, channels, data: spread };
}

function paeth(a, b, c) {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}
