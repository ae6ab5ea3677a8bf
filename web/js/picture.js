/**
 * Files of all kinds: open one, and draw it.
 *
 * @typedef {{ height: number, width: number, channels: number, data: Uint8Array, low?: Uint8Array }} Picture
 *   levels of a picture, row by row; one channel is grey, two are grey and alpha, three red, green and blue, four those and alpha;
 *   of samples of 16 bits `data` are the high bytes and `low` the low ones
 * @typedef {{ seed?: number | bigint, samples?: number, preview?: boolean, temperature?: number, first?: number,
 *   last?: number, progress?: (part: number) => void }} Options
 * @typedef {{ kind: string, model: string, fingerprint: string, height: number, width: number, count: number,
 *   drawn: boolean, exact: boolean, heated?: boolean, whole: boolean, sections: import("./container/header.js").Section[], names?: string[],
 *   draw: (options: Options) => Promise<Picture[]> }} Opened
 *   what a file says: `drawn` if its texture depends on a seed, `exact` if it has the exact pixels as well, `heated` if
 *   the texture has a temperature, `whole` unless only the preview is left
 */

import { openArchive } from "./bilevel/archive.js";
import { openSingle } from "./bilevel/decode.js";
import { entries, isCollection } from "./container/collection.js";
import { isWrapped, unwrap } from "./container/envelope.js";
import { ARCHIVE, PAGE, PHOTO, STORED, layout, parseHead } from "./container/header.js";
import { VlzError } from "./errors.js";
import { openPhoto } from "./photo/decode.js";
import { openStored } from "./stored/decode.js";
import { openPage } from "./twolevel/decode.js";
import { openWindowed } from "./windowed/decode.js";

/**
 * Open a file: verify what can be verified without drawing.
 * @param {Uint8Array} data
 * @param {import("./store.js").Store} store
 * @returns {Promise<Opened>}
 */
export async function open(data, store) {
  if (isCollection(data)) return openCollection(data, store);
  if (isWrapped(data)) {
    const { inner, bytes, kinds } = await unwrap(data);
    const file = await open(inner, store);
    const sections = [{ name: "metadata", offset: 0, bytes }, ...file.sections.map((one) => ({ ...one, offset: one.offset + bytes }))];
    return { ...file, kind: `${file.kind}, with metadata (${kinds.join(", ")})`, sections };
  }
  const { mode } = parseHead(data);
  if (mode < ARCHIVE) return openSingle(data, store);
  if (mode === ARCHIVE) return openArchive(data, store);
  if (mode === PHOTO) return openPhoto(data, store);
  if (mode === STORED) return openStored(data, store);
  if (mode === PAGE) return openPage(data, store);
  return openWindowed(data, store);
}

/**
 * Open a collection: all pictures of all its files, in order.
 * @param {Uint8Array} data
 * @param {import("./store.js").Store} store
 * @returns {Promise<Opened>}
 */
async function openCollection(data, store) {
  const files = entries(data);
  return {
    kind: `collection of ${files.length} files`, model: "", fingerprint: "", height: 0, width: 0, count: files.length,
    drawn: true, exact: false, whole: true, names: files.map(({ name }) => name), sections: layout([["files", data.length]]),
    draw: async (options) => {
      const pictures = [];
      for (const [i, file] of files.entries()) {
        if (isCollection(file.data)) throw new VlzError("a collection lies in a collection: damaged");
        pictures.push(...(await (await open(file.data, store)).draw({ ...options, progress: undefined })));
        options.progress?.((i + 1) / files.length);
      }
      return pictures;
    },
  };
}
