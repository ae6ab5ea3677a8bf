/** Write js/exact/kernel.js from the .wat files by wat2wasm (Debian: wabt): `node kernel/assemble.js`. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const HERE = new URL(".", import.meta.url);

/** Return the text of kernel.js. */
export function assemble() {
  const folder = mkdtempSync(`${tmpdir()}/kernel-`);
  const parts = ["dots", "dense"].map((name) => {
    const out = `${folder}/${name}.wasm`;
    execFileSync("wat2wasm", [fileURLToPath(new URL(`${name}.wat`, HERE)), "-o", out]);
    return `\nexport const ${name.toUpperCase()} =\n  "${readFileSync(out).toString("base64")}";\n`;
  });
  return `/** What is in kernel/, assembled by kernel/assemble.js. */\n${parts.join("")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("../js/exact/kernel.js", HERE), assemble());
}
