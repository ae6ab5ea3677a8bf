import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { told } from "../decode.js";
import { open } from "../js/picture.js";
import { samples } from "../js/png.js";
import { store } from "./folders.js";

const SUITE = new URL("../../conformance/", import.meta.url);
const CASES = JSON.parse(await readFile(new URL("manifest.json", SUITE), "utf8"));

for (const { name, file, tests, options, sha256, refused } of CASES) {
  test(`${name}: ${tests}`, async () => {
    const data = new Uint8Array(await readFile(new URL(`files/${file}`, SUITE)));
    const drawing = async () => (await open(data, store)).draw(told(options).options);
    if (refused) {
      await assert.rejects(drawing, { name: "VlzError" });
      return;
    }
    const hash = createHash("sha256");
    for (const picture of await drawing()) {
      hash.update(`${picture.height} ${picture.width} ${picture.channels}\n`).update(samples(picture));
    }
    assert.equal(hash.digest("hex"), sha256);
  });
}
