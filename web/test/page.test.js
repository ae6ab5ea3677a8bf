import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Page, findChromium, serve } from "./browser.js";
import { BUILT } from "./folders.js";

const PROGRAM = findChromium();
const SHOWN = 'document.querySelector("#cards canvas") && [...document.querySelectorAll(".working")].every((e) => e.hidden)';

describe("in a browser", { skip: PROGRAM ? false : "needs chromium" }, () => {
  let page;
  let server;

  before(async () => {
    server = await serve({ "/suite/": fileURLToPath(new URL("../../conformance/", import.meta.url)), "/": `${BUILT}/` });
    page = await Page.start(PROGRAM);
    await page.open(server.address);
  });

  after(async () => {
    await page?.close();
    server?.close();
  });

  test("an example is drawn, and another seed draws another picture", async () => {
    await page.ask('document.querySelector("button[data-example*=digit]").click()');
    await page.until(SHOWN);
    const before = await page.ask('document.querySelector("#cards canvas").toDataURL()');
    await page.ask(`{
      const seed = document.querySelector("input[name=seed]");
      seed.value = "5";
      seed.dispatchEvent(new Event("input"));
    }`);
    await page.until(`document.querySelector("#cards canvas").toDataURL() !== ${JSON.stringify(before)}`);
    assert.equal(await page.ask('document.querySelectorAll("#cards canvas").length'), 1);
  });

  test("a damaged file gives one sentence", async () => {
    await page.ask(`{
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array([0xd6, 0x5a, 0x10, 1, 2, 3, 4, 5, 6, 7])], "bad.vlz"));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
    }`);
    await page.until('document.querySelector("#cards .error")');
    assert.match(await page.ask('document.querySelector("#cards .error").textContent'), /^bad\.vlz: made with a model that is not here/);
  });

  test("a drawing can be stopped, and the next file is drawn", async () => {
    await page.ask(`(async () => {
      const data = new DataTransfer();
      data.items.add(new File([await (await fetch("/suite/files/windowed-exact-colour.vlz")).arrayBuffer()], "slow.vlz"));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
      let stop;
      while (!stop) {
        await new Promise((done) => setTimeout(done, 1));
        stop = [...document.querySelectorAll("#cards .working:not([hidden]) button")].at(0);
      }
      stop.click();
    })()`);
    await page.until('document.querySelector("#cards .status").textContent === "Stopped."');
    await page.ask('document.querySelector("button[data-example*=digit]").click()');
    await page.until('document.querySelector("#cards h2").textContent === "digit.vlz" && document.querySelector("#cards .card canvas")');
  });

  test("a collection lists its files, and opens them", async () => {
    await page.ask(`(async () => {
      const data = new DataTransfer();
      data.items.add(new File([await (await fetch("/suite/files/collection.vlz")).arrayBuffer()], "set.vlz"));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
    })()`);
    await page.until('document.querySelectorAll("#cards .card li button").length === 4');
    await page.ask('document.querySelector("#cards .card li button").click()');
    await page.until('document.querySelector("#cards h2").textContent === "a/one.png.vlz" && document.querySelector("#cards .card canvas")');
  });

  test("a digit that is drawn becomes a file of three bytes, and eight hands write it", async () => {
    await page.ask(`{
      const pad = document.querySelector("canvas.pad");
      pad.scrollIntoView();
      const { left, top } = pad.getBoundingClientRect();
      globalThis.corner = [left, top];
    }`);
    const [left, top] = await page.ask("globalThis.corner");
    const at = (x, y) => ({ x: left + x, y: top + y, button: "left", clickCount: 1 });
    await page.send("Input.dispatchMouseEvent", { type: "mousePressed", ...at(140, 40) });
    for (let y = 50; y <= 240; y += 10) await page.send("Input.dispatchMouseEvent", { type: "mouseMoved", ...at(140 - y / 12, y) });
    await page.send("Input.dispatchMouseEvent", { type: "mouseReleased", ...at(120, 240) });
    await page.until('document.querySelectorAll("#pad figure canvas").length === 8');
    assert.match(await page.ask('document.querySelector("#pad .file").textContent'), /d6 5a 10 9c d1 a8( [0-9a-f]{2}){5} — the digit itself is the 3 bytes/);
    await page.ask('document.querySelector("#pad button[aria-label=\'Take our 7\']").click()');
    const before = await page.ask('document.querySelector("#pad .file").textContent');
    await page.until(`![${JSON.stringify(before)}, ""].includes(document.querySelector("#pad .file b")?.parentNode.parentNode.textContent ?? "")`);
  });

  test("nothing was asked of another origin, and nothing was complained of", () => {
    assert.deepEqual(page.requests.filter((one) => !one.startsWith(server.address) && !one.startsWith("data:")), []);
    assert.deepEqual(page.complaints, []);
  });

  test("every control has a name", async () => {
    const { nodes } = await page.send("Accessibility.getFullAXTree");
    const controls = nodes.filter(({ ignored, role }) => !ignored && /button|slider|combobox|checkbox|image|progress/.test(role?.value ?? ""));
    assert.ok(controls.length >= 8);
    for (const { role, name } of controls) assert.ok(name?.value, role.value);
  });
});

test("the page as a single file works from a disk", { skip: PROGRAM ? false : "needs chromium" }, async () => {
  const page = await Page.start(PROGRAM);
  const address = String(pathToFileURL(`${BUILT}/single.html`));
  try {
    await page.open(address);
    await page.until('document.querySelector("#pad canvas")');
    await page.ask('document.querySelector("button[data-example*=photo]").click()');
    await page.until(SHOWN);
    await page.ask('document.querySelector("#pad button[aria-label=\'Take our 4\']").click()');
    await page.until('document.querySelectorAll("#pad figure canvas").length === 8');
    assert.deepEqual(page.requests.filter((one) => one !== address && !/^(data|blob):/.test(one)), []);
    assert.deepEqual(page.complaints, []);
  } finally {
    await page.close();
  }
});
