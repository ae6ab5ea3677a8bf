/** Write js/exact/kernel.js from dots.wat by wat2wasm (Debian: wabt): `node kernel/assemble.js`. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const HERE = new URL(".", import.meta.url);

/** Return the text of kernel.js. */
export function assemble() {
  const out = `${mkdtempSync(`${tmpdir()}/dots-`)}/dots.wasm`;
  execFileSync("wat2wasm", [fileURLToPath(new URL("dots.wat", HERE)), "-o", out]);
  const text = readFileSync(out).toString("base64");
  return `/** kernel/dots.wat, assembled by kernel/assemble.js. */\nexport const KERNEL =\n  "${text}";\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("../js/exact/kernel.js", HERE), assemble());
}
