/** A headless browser for the tests, told what to do through pipes, and a server of one folder. */

import { execFileSync, spawn } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname } from "node:path";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" };

/**
 * Return the first of some programs that is installed, or undefined.
 * @param {...string} names
 */
export function findProgram(...names) {
  for (const name of names) {
    try {
      return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      continue;
    }
  }
  return undefined;
}

/**
 * Serve folders on a free port of this machine.
 * @param {Record<string, string>} folders by the beginning of the path, "/" last
 * @param {Record<string, string>} [pages] texts of pages by path
 */
export async function serve(folders, pages = {}) {
  let tell;
  /** What a page posts. */
  const posted = new Promise((done) => (tell = done));
  const server = createServer((request, answer) => {
    if (request.method === "POST") {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => tell(JSON.parse(Buffer.concat(parts).toString())));
      answer.writeHead(204).end();
      return;
    }
    const asked = decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname).replace(/\/$/, "/index.html");
    if (asked in pages) {
      answer.writeHead(200, { "Content-Type": "text/html" }).end(pages[asked]);
      return;
    }
    const [start, folder] = Object.entries(folders).find(([one]) => asked.startsWith(one));
    const path = folder + asked.slice(start.length);
    try {
      if (path.includes("..") || !statSync(path).isFile()) throw new Error("no file");
    } catch {
      answer.writeHead(404).end();
      return;
    }
    answer.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" });
    createReadStream(path).pipe(answer);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address: `http://127.0.0.1:${server.address().port}/`, posted, close };
}

/** Return the Chromium that is installed, or undefined. */
export function findChromium() {
  return findProgram("chromium", "chromium-browser", "google-chrome");
}

/** One page of a browser. */
export class Page {
  /** @param {string} program */
  static async start(program) {
    const page = new Page();
    page.profile = mkdtempSync(`${tmpdir()}/page-`);
    const told = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"];
    const options = { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] };
    page.process = spawn(program, [...told, `--user-data-dir=${page.profile}`, "--hide-scrollbars", "about:blank"], options);
    page.process.stdio[4].setEncoding("utf8");
    page.process.stdio[4].on("data", (text) => page.hear(text));
    const { targetInfos } = await page.send("Target.getTargets");
    const { targetId } = targetInfos.find(({ type }) => type === "page");
    page.session = (await page.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await page.send(`${domain}.enable`);
    return page;
  }

  constructor() {
    this.number = 0;
    this.rest = "";
    this.waiting = new Map();
    /** Addresses that were asked for, and what the page complained of. */
    this.requests = [];
    this.complaints = [];
  }

  hear(text) {
    const parts = (this.rest + text).split("\0");
    this.rest = parts.pop() ?? "";
    for (const part of parts) {
      const { id, result, error, method, params } = JSON.parse(part);
      if (id) {
        const [done, failed] = this.waiting.get(id);
        this.waiting.delete(id);
        if (error) failed(new Error(error.message));
        else done(result);
      }
      if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
      if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.exception?.description);
      if (method === "Log.entryAdded" && params.entry.level === "error") this.complaints.push(params.entry.text);
    }
  }

  send(method, params = {}) {
    const id = ++this.number;
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    return new Promise((done, failed) => this.waiting.set(id, [done, failed]));
  }

  /** Return what an expression of the page gives, promises awaited. */
  async ask(expression) {
    const told = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", told);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Wait until an expression of the page is true. */
  async until(expression, seconds = 180) {
    for (const end = Date.now() + 1000 * seconds; Date.now() < end; ) {
      if (await this.ask(expression)) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`never true: ${expression}`);
  }

  /** Open an address and wait for its script. */
  async open(address) {
    await this.send("Page.navigate", { url: address });
    await this.until(`location.href.startsWith(${JSON.stringify(address)}) && document.readyState === "complete"`);
  }

  /** Set size and colours of the window. */
  async look({ width, height = 900, dark = false, scale = 1 }) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: scale, mobile: width < 500 });
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
  }

  /** Return a picture of the whole page, a PNG file. */
  async picture() {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
    return Buffer.from(data, "base64");
  }

  async close() {
    const ended = new Promise((done) => this.process.once("exit", done));
    this.session = undefined;
    this.send("Browser.close").catch(() => {});
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
