/** A part of the suite and the golden files in real browsers: each runs a page that draws them and posts the hashes of pixels. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { told as readOptions } from "../decode.js";
import { findChromium, findProgram, serve } from "./browser.js";
import { BUILT, GOLDEN, bytes, golden, store } from "./folders.js";
import { readPng } from "./png.js";

const SUITE = new URL("../../conformance/", import.meta.url);
const CASES = JSON.parse(readFileSync(new URL("manifest.json", SUITE), "utf8"));
const NAMES = ["mnist", "photo", "photo-exact"]; // golden files of the others differ in weights alone
const MODELS = Object.entries((await store.list()).models).filter(([, { name }]) => NAMES.includes(name)).map(([print]) => print.slice(0, 12));
const EACH = 4; // of the suite, all of which Node reads: other engines are held to the golden files too
const LIMIT = 400_000;

const PAGE = `<!doctype html><title>Suite</title><script type="module">
import { open } from "/js/picture.js";
import { samples } from "/js/png.js";
import { sha256 } from "/js/sha256.js";
import { Store } from "/js/store.js";
const get = async (path) => new Uint8Array(await (await fetch("/" + path)).arrayBuffer());
const store = new Store(get);
const found = {};
for (const { name, path, options, sized } of JSON.parse(new TextDecoder().decode(await get("cases.html")))) {
  try {
    const pictures = await (await open(await get(path), store)).draw(options);
    const head = ({ height, width, channels }) => (sized ? new TextEncoder().encode(height + " " + width + " " + channels + "\\n") : []);
    found[name] = sha256(new Uint8Array(await new Blob(pictures.flatMap((one) => [new Uint8Array(head(one)), samples(one)])).arrayBuffer()));
  } catch (error) {
    found[name] = error.name;
  }
}
await fetch("/answer", { method: "POST", body: JSON.stringify(found) });
</script>`;

/** Return cases for the page, and what it should find. */
async function cases() {
  const told = [];
  const expected = {};
  for (const { name, file, options, sha256 } of CASES.filter((_, number) => number % EACH === 0)) {
    const { options: asked } = readOptions(options);
    told.push({ name, path: `suite/files/${file}`, options: { ...asked, seed: String(asked.seed) }, sized: true });
    expected[name] = sha256 ?? "VlzError";
  }
  for (const name of [...golden(), ...golden("photo/")].filter((one) => MODELS.some((model) => one.includes(model)))) {
    const options = name.includes("/") ? { seed: 11, temperature: 0.7 } : { seed: 7 };
    const { data } = readPng(await bytes(`${name}.png`));
    const once = name.includes("/") || name.includes("archive") ? data : data.subarray(0, 784);
    told.push({ name, path: `golden/${name}.vlz`, options });
    expected[name] = createHash("sha256").update(once).digest("hex");
  }
  return { told, expected };
}

const BROWSERS = {
  chromium: [findChromium(), ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--user-data-dir="]],
  firefox: [findProgram("firefox-esr", "firefox"), ["--headless", "--no-remote", "--profile="]],
};

for (const [name, [program, told]] of Object.entries(BROWSERS)) {
  test(`${name} finds the pixels of all files`, { skip: program ? false : `needs ${name}`, timeout: LIMIT }, async () => {
    const { told: list, expected } = await cases();
    assert.ok(list.length > 60);
    const pages = { "/run": PAGE, "/cases.html": JSON.stringify(list) };
    const server = await serve({ "/golden/": fileURLToPath(GOLDEN), "/suite/": fileURLToPath(SUITE), "/": `${BUILT}/` }, pages);
    const profile = mkdtempSync(`${tmpdir()}/profile-`);
    const options = told.flatMap((one) => (one === "--profile=" ? ["--profile", profile] : [one.endsWith("=") ? one + profile : one]));
    const browser = spawn(program, [...options, `${server.address}run`], { stdio: "ignore" });
    const ended = new Promise((done) => browser.once("exit", done));
    try {
      const found = await Promise.race([server.posted, ended.then(() => ({}))]);
      assert.deepEqual(found, expected);
    } finally {
      browser.kill();
      await ended;
      server.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}
