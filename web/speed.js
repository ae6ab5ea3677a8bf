/**
 * How long a file takes, as JSON: `VLAE_WEB=build/web node web/speed.js node|chromium FILE [SAMPLES [REPEATS]]`.
 *
 * The seconds are the processor's, of the process that draws: those of the first drawing, in which the model is loaded and
 * the script compiled, and of the best one. Node tells the peak of memory as well.
 */

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { open } from "./js/picture.js";
import { Store } from "./js/store.js";
import { Page, findChromium, serve } from "./test/browser.js";
import { BUILT } from "./test/folders.js";

const [where, path, samples = "1", repeats = "3"] = process.argv.slice(2);
const DRAW = `async (samples) => {
  const [{ open }, { Store }] = await Promise.all(["picture", "store"].map((one) => import("/js/" + one + ".js")));
  const get = async (path) => new Uint8Array(await (await fetch("/" + path)).arrayBuffer());
  globalThis.store ??= new Store(get);
  const data = await get("file/file.vlz");
  await (await open(data, globalThis.store)).draw({ samples });
}`;

/** Return the seconds of each drawing in Node. */
async function inNode() {
  const store = new Store((name) => readFile(`${BUILT}/${name}`));
  const data = new Uint8Array(await readFile(path));
  const seconds = [];
  for (let i = 0; i < Number(repeats); i++) {
    const start = process.cpuUsage();
    await (await open(data, store)).draw({ samples: Number(samples) });
    const { user, system } = process.cpuUsage(start);
    seconds.push((user + system) / 1e6);
  }
  return { seconds, peak: Number(readFileSync("/proc/self/status", "utf8").match(/VmHWM:\s+(\d+)/)[1]) / 1024 };
}

/** Return the seconds of each drawing in Chromium. */
async function inChromium() {
  const pages = { "/file/file.vlz": await readFile(path) };
  const server = await serve({ "/": `${BUILT}/` }, pages);
  const page = await Page.start(findChromium());
  await page.open(server.address);
  const seconds = [];
  await page.send("Performance.enable");
  const spent = async () => {
    const { metrics } = await page.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "ProcessTime").value;
  };
  for (let i = 0; i < Number(repeats); i++) {
    const start = await spent();
    await page.ask(`(${DRAW})(${samples})`);
    seconds.push((await spent()) - start);
  }
  await page.close();
  server.close();
  return { seconds };
}

const { seconds, peak } = where === "node" ? await inNode() : await inChromium();
const told = { first_s: seconds[0], best_s: Math.min(...seconds), ...(peak ? { peak_mib: peak } : {}) };
console.log(JSON.stringify(Object.fromEntries(Object.entries(told).map(([name, value]) => [name, Number(value.toFixed(3))]))));
