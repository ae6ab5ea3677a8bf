/**
 * Pictures of the page for the documentation: `VLAE_WEB=build/web node web/screenshots.js docs`. Look at them.
 */

import { writeFileSync } from "node:fs";
import { Page, findChromium, serve } from "./test/browser.js";
import { BUILT } from "./test/folders.js";

const LOOKS = {
  page: { width: 1000 },
  "page-phone": { width: 390, dark: true },
};
const STROKE = [[80, 80], [100, 60], [140, 50], [180, 65], [190, 100], [160, 130], [130, 140], [165, 150], [195, 180], [185, 220], [140, 240], [90, 225]];
const IDLE = '[...document.querySelectorAll("#cards .card")].every((one) => one.querySelector("canvas") && one.querySelector(".working").hidden)';

const folder = process.argv[2];
const server = await serve({ "/": `${BUILT}/` });
const page = await Page.start(findChromium());
for (const [name, look] of Object.entries(LOOKS)) {
  await page.look({ ...look, height: 3000 });
  await page.open(`${server.address}?${name}`);
  await write();
  for (const example of ["digit", "photo"]) {
    await page.ask(`document.querySelector('button[data-example="examples/${example}.vlz"]').click(); new Promise((done) => setTimeout(done, 500))`);
    await page.until(IDLE);
  }
  await page.look({ ...look, height: 200 });
  const height = await page.ask("document.documentElement.scrollHeight");
  await page.look({ ...look, height });
  await page.ask("scrollTo(0, 0)");
  writeFileSync(`${folder}/${name}.png`, await page.picture());
}
await page.close();
server.close();

/** Draw a digit on the pad. */
async function write() {
  const [left, top] = await page.ask('(({ left, top }) => [left, top])(document.querySelector("canvas.pad").getBoundingClientRect())');
  const mouse = (type, [x, y]) => page.send("Input.dispatchMouseEvent", { type, x: left + x, y: top + y, button: "left", clickCount: 1 });
  await mouse("mousePressed", STROKE[0]);
  for (const place of STROKE) await mouse("mouseMoved", place);
  await mouse("mouseReleased", STROKE[STROKE.length - 1]);
  await page.until('document.querySelectorAll("#pad figure canvas").length === 8');
}
