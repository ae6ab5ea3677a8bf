/** What a lossless WebP image undoes behind its prefix codes. Pixels are alpha, red, green and blue in 32 bits. */

const BLACK = 0xff000000;

/**
 * Add predictions.
 * @param {Uint32Array} pixels
 * @param {number} width
 * @param {Uint32Array} blocks whose green channel is the kind of prediction
 * @param {number} shift
 */
export function predicted(pixels, width, blocks, shift) {
  const across = (width + 2 ** shift - 1) >> shift;
  for (let at = 0; at < pixels.length; at++) {
    const [row, column] = [Math.floor(at / width), at % width];
    let told = BLACK;
    if (!row) told = column ? pixels[at - 1] : BLACK;
    else if (!column) told = pixels[at - width];
    else {
      const kind = (blocks[(row >> shift) * across + (column >> shift)] >>> 8) & 15;
      told = prediction(kind, pixels[at - 1], pixels[at - width], pixels[at - width + 1], pixels[at - width - 1]);
    }
    pixels[at] = sum(pixels[at], told);
  }
  return pixels;
}

/**
 * @param {number} kind
 * @param {number} left
 * @param {number} top
 * @param {number} right the one right of the top
 * @param {number} corner
 */
function prediction(kind, left, top, right, corner) {
  switch (kind) {
    case 1: return left;
    case 2: return top;
    case 3: return right;
    case 4: return corner;
    case 5: return middle(middle(left, right), top);
    case 6: return middle(left, corner);
    case 7: return middle(left, top);
    case 8: return middle(corner, top);
    case 9: return middle(top, right);
    case 10: return middle(middle(left, corner), middle(top, right));
    case 11: return distance(top, corner) < distance(left, corner) ? left : top;
    case 12: return each((a, b, c) => a + b - c, left, top, corner);
    case 13: return each((a, b) => a + Math.trunc((a - b) / 2), middle(left, top), corner, 0);
    default: return BLACK;
  }
}

/** @param {number} a @param {number} b */
function middle(a, b) {
  return (((((a ^ b) & 0xfefefefe) >>> 1) + (a & b)) | 0) >>> 0;
}

/** @param {number} a @param {number} b */
function distance(a, b) {
  let found = 0;
  for (let shift = 0; shift < 32; shift += 8) found += Math.abs(((a >>> shift) & 255) - ((b >>> shift) & 255));
  return found;
}

/**
 * Return what a function of levels makes of each channel, clamped.
 * @param {(a: number, b: number, c: number) => number} change
 * @param {number} a
 * @param {number} b
 * @param {number} c
 */
function each(change, a, b, c) {
  let found = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    const value = change((a >>> shift) & 255, (b >>> shift) & 255, (c >>> shift) & 255);
    found |= Math.min(255, Math.max(0, value)) << shift;
  }
  return found >>> 0;
}

/**
 * Add what green tells of red and blue, and red of blue.
 * @param {Uint32Array} pixels
 * @param {number} width
 * @param {Uint32Array} blocks of factors
 * @param {number} shift
 */
export function crossed(pixels, width, blocks, shift) {
  const across = (width + 2 ** shift - 1) >> shift;
  for (let at = 0; at < pixels.length; at++) {
    const factors = blocks[(Math.floor(at / width) >> shift) * across + ((at % width) >> shift)];
    const argb = pixels[at];
    const green = argb >>> 8;
    const red = ((argb >>> 16) + told(factors, green)) & 255;
    const blue = (argb + told(factors >>> 8, green) + told(factors >>> 16, red)) & 255;
    pixels[at] = (argb & 0xff00ff00) | (red << 16) | blue;
  }
  return pixels;
}

/**
 * Return the product of two low bytes with signs, over 32.
 * @param {number} a
 * @param {number} b
 */
function told(a, b) {
  return (((a << 24) >> 24) * ((b << 24) >> 24)) >> 5;
}

/**
 * Add green to red and blue.
 * @param {Uint32Array} pixels
 */
export function greenAdded(pixels) {
  return pixels.map((argb) => sum(argb, (((argb >>> 8) & 255) * 0x10001) >>> 0));
}

/**
 * Look colours up, several of which may lie in one pixel's green.
 * @param {Uint32Array} pixels
 * @param {number} narrow pixels in a row of them
 * @param {Uint32Array} table
 * @param {number} shift 2^shift colours lie in a pixel
 * @param {number} width
 */
export function byIndex(pixels, narrow, table, shift, width) {
  const height = pixels.length / narrow;
  const out = new Uint32Array(height * width);
  const bits = 8 >> shift;
  for (let at = 0; at < out.length; at++) {
    const [row, column] = [Math.floor(at / width), at % width];
    const packed = (pixels[row * narrow + (column >> shift)] >>> 8) & 255;
    out[at] = table[(packed >> (bits * (column & (2 ** shift - 1)))) & (2 ** bits - 1)] ?? 0;
  }
  return out;
}

/**
 * Return the sum of two colours, channel by channel.
 * @param {number} a
 * @param {number} b
 */
export function sum(a, b) {
  const even = ((a & 0xff00ff) + (b & 0xff00ff)) & 0xff00ff;
  const odd = (((a >>> 8) & 0xff00ff) + ((b >>> 8) & 0xff00ff)) & 0xff00ff;
  return (even | (odd << 8)) >>> 0;
}
