/**
 * Models and tables by their SHA-256: fetched from beside the page, verified, parsed and kept.
 *
 * A file is what `build.py` writes: a line of JSON, then for each array "\nname type shape\n" and its values.
 */

import { VlzError } from "./errors.js";
import { sha256 } from "./sha256.js";

/**
 * @typedef {Int8Array | Int16Array | Int32Array | BigInt64Array} Values
 * @typedef {{ data: Values, shape: number[] }} Numbers
 * @typedef {{ name: string, description: string, bytes: number }} Label
 * @typedef {{ tables: Record<string, string>, models: Record<string, Label> }} Index
 * @typedef {{ fingerprint: string, info: any, arrays: Map<string, Numbers> }} Model
 * @typedef {(path: string) => Promise<Uint8Array>} Fetcher
 */

/** @type {Record<string, any>} */
const TYPES = { "|i1": Int8Array, "<i2": Int16Array, "<i4": Int32Array, "<i8": BigInt64Array };

export class Store {
  /** @param {Fetcher} fetcher of files beside the page, by their relative path */
  constructor(fetcher) {
    this.fetcher = fetcher;
    /** @type {Promise<Index> | undefined} */
    this.index = undefined;
    /** @type {Map<string, Promise<Model>>} */
    this.kept = new Map();
  }

  /** Return what models and tables there are. */
  async list() {
    this.index ??= this.fetcher("models/index.json").then((data) => JSON.parse(new TextDecoder().decode(data)));
    return this.index;
  }

  /**
   * Return the fingerprints that begin so.
   * @param {Uint8Array} prefix the three bytes that a file has
   */
  async find(prefix) {
    const digits = hex(prefix);
    const found = Object.keys((await this.list()).models).filter((one) => one.startsWith(digits));
    if (!found.length) throw new VlzError(`made with a model that is not here: fingerprint ${digits}...`);
    return found;
  }

  /**
   * Return a model.
   * @param {string} fingerprint
   */
  model(fingerprint) {
    let model = this.kept.get(fingerprint);
    if (!model) {
      model = this.load(fingerprint);
      this.kept.set(fingerprint, model);
      model.catch(() => this.kept.delete(fingerprint)); // a failure of the network need not last
    }
    return model;
  }

  /**
   * Return a table of the format by name.
   * @param {string} name
   */
  async table(name) {
    return this.model((await this.list()).tables[name]);
  }

  /** @param {string} fingerprint */
  async load(fingerprint) {
    const data = await unpack(await this.fetcher(`models/${fingerprint}.bin.gz`), "gzip");
    if ((await hash(data)) !== fingerprint) throw new VlzError(`model ${fingerprint.slice(0, 6)} is damaged: load the page again`);
    return { fingerprint, ...parse(data) };
  }
}

/**
 * Return the SHA-256 of bytes, by the browser where it offers that.
 * @param {Uint8Array} data
 */
async function hash(data) {
  const { subtle } = globalThis.crypto ?? {};
  return subtle ? hex(new Uint8Array(await subtle.digest("SHA-256", /** @type {any} */ (data)))) : sha256(data);
}

/**
 * Return the bytes of a packed stream.
 * @param {Uint8Array} data
 * @param {"gzip" | "deflate"} format
 * @param {number} [most] bytes that are read
 */
export async function unpack(data, format, most = 1 << 27) {
  const stream = new Blob([/** @type {any} */ (data)]).stream().pipeThrough(new DecompressionStream(format));
  const reader = stream.getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    size += part.value.length;
    if (size > most) throw new VlzError(`a packed part has more than ${most} bytes: damaged`);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Return JSON and arrays of a verified file.
 * @param {Uint8Array} data
 */
export function parse(data) {
  const text = new TextDecoder();
  const line = (/** @type {number} */ start) => {
    const end = data.indexOf(10, start);
    return end < 0 ? data.length : end;
  };
  let at = line(0);
  const info = JSON.parse(text.decode(data.subarray(0, at)));
  /** @type {Map<string, Numbers>} */
  const arrays = new Map();
  while (at < data.length) {
    const end = line(at + 1);
    const [, name, type, sides] = /** @type {string[]} */ (
      text.decode(data.subarray(at + 1, end)).match(/^(\S+) (\S+) \((.*)\)$/)
    );
    const shape = sides.split(",").filter((side) => side.trim()).map(Number);
    const kind = TYPES[type];
    const bytes = shape.reduce((a, b) => a * b, 1) * kind.BYTES_PER_ELEMENT;
    // A copy: values in the file are not aligned.
    arrays.set(name, { data: new kind(data.slice(end + 1, end + 1 + bytes).buffer), shape });
    at = end + 1 + bytes;
  }
  return { info, arrays };
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} digits */
export function fromHex(digits) {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
