/**
 * The page's decoder as a command, for the conformance suite: `node web/decode.js FILE OUT [options]`.
 *
 * The models are those of the folder that VLAE_WEB names, by default build/web; see conformance/run.py.
 */

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { VlzError } from "./js/errors.js";
import { open } from "./js/picture.js";
import { samples } from "./js/png.js";
import { Store } from "./js/store.js";

const BUILT = process.env.VLAE_WEB ?? fileURLToPath(new URL("../build/web", import.meta.url));
const KINDS = ["", "GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"];
const OPTIONS = /** @type {const} */ ({
  seed: { type: "string", default: "0" },
  samples: { type: "string", default: "1" },
  temperature: { type: "string", default: "0" },
  preview: { type: "boolean", default: false },
});

/**
 * Return what the options of a case ask for.
 * @param {string[]} args
 */
export function told(args) {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const { seed, samples, temperature, preview } = values;
  return { files: positionals, options: { seed: BigInt(seed), samples: Number(samples), temperature: Number(temperature), preview } };
}

/**
 * Return pictures as PAM images, one behind the other.
 * @param {import("./js/picture.js").Picture[]} pictures
 */
export function toPam(pictures) {
  return Buffer.concat(
    pictures.flatMap((picture) => {
      const { height, width, channels, low } = picture;
      const most = low ? 65535 : 255;
      const head = [`P7`, `WIDTH ${width}`, `HEIGHT ${height}`, `DEPTH ${channels}`, `MAXVAL ${most}`, `TUPLTYPE ${KINDS[channels]}`];
      return [Buffer.from(`${head.join("\n")}\nENDHDR\n`), samples(picture)];
    }),
  );
}

async function main() {
  const { files, options } = told(process.argv.slice(2));
  const store = new Store((path) => readFile(`${BUILT}/${path}`));
  const file = await open(new Uint8Array(await readFile(files[0])), store);
  await writeFile(files[1], toPam(await file.draw(options)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof VlzError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
