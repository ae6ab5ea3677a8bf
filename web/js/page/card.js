/** The card of one file: its pictures, what may be changed about them, and what the file spends its bytes on. */

import { encodePng } from "../png.js";
import { bytesText, canvasOf, element, save } from "./elements.js";
import { Stopped } from "./jobs.js";

const SHEET = 64;
const SAMPLES = [1, 4, 9, 16];

/**
 * @typedef {Omit<import("../picture.js").Opened, "draw">} Told
 * @typedef {import("../picture.js").Picture} Picture
 * @typedef {import("../picture.js").Options} Options
 */

export class Card {
  /**
   * @param {string} name of the file
   * @param {Uint8Array} data
   * @param {import("./jobs.js").Jobs} jobs
   */
  constructor(name, data, jobs) {
    this.name = name;
    this.data = data;
    this.jobs = jobs;
    /** @type {Picture[]} */
    this.pictures = [];
    /** @type {Told | undefined} */
    this.told = undefined;
    this.sheet = element("div", { className: "sheet" });
    this.bar = element("progress", { max: 1, value: 0, "aria-label": `Progress of ${name}` });
    const stop = element("button", { type: "button", textContent: "Stop", onclick: () => jobs.stop(this) });
    this.working = element("p", { className: "working", hidden: true }, this.bar, stop);
    this.status = element("p", { className: "status", role: "status" });
    this.controls = element("form", { className: "controls", hidden: true, onsubmit: (/** @type {Event} */ e) => e.preventDefault() });
    this.facts = element("div", { className: "facts" });
    const close = element("button", { type: "button", className: "quiet", textContent: "Remove", onclick: () => this.remove() });
    close.setAttribute("aria-label", `Remove ${name}`);
    const head = element("header", {}, element("h2", { textContent: name }), close);
    const beside = element("div", { className: "beside" }, this.working, this.status, this.controls, this.facts);
    this.root = element("article", { className: "card", tabIndex: -1 }, head, this.sheet, beside);
  }

  remove() {
    this.jobs.stop(this);
    const next = /** @type {HTMLElement | null} */ (this.root.nextElementSibling ?? document.querySelector("#choose"));
    this.root.remove();
    next?.focus();
  }

  /** Open the file, say what it holds and draw it. */
  async open() {
    await this.attempt(async () => {
      const told = await this.work({ task: "describe", data: this.data });
      this.told = told;
      this.tell(told);
      this.makeControls(told);
    });
    if (this.told) await this.draw();
  }

  /** Draw what the controls ask for; of a lossless file the preview first. */
  async draw() {
    const told = /** @type {Told} */ (this.told);
    const options = this.options();
    await this.attempt(async () => {
      const first = told.exact && told.fingerprint && told.whole && !options.preview && !this.pictures.length && told.count === 1;
      if (first) this.show(await this.work({ task: "draw", data: this.data, options: { ...options, preview: true } }));
      this.show(await this.work({ task: "draw", data: this.data, options }));
    });
  }

  /** @param {() => Promise<void>} steps */
  async attempt(steps) {
    this.status.textContent = "";
    this.status.classList.remove("error");
    try {
      await steps();
    } catch (error) {
      if (error instanceof Stopped && this.jobs.busy(this)) return;
      this.status.textContent = error instanceof Stopped ? "Stopped." : `${this.name}: ${/** @type {Error} */ (error).message}`;
      this.status.classList.toggle("error", !(error instanceof Stopped));
    }
    this.working.hidden = !this.jobs.busy(this);
  }

  /** @param {import("./worker.js").Request} request */
  work(request) {
    this.working.hidden = false;
    this.bar.removeAttribute("value");
    return this.jobs.run(this, request, (part) => (this.bar.value = part));
  }

  /** @param {Picture[]} pictures */
  show(pictures) {
    this.pictures = pictures;
    const side = pictures.length > 16 ? 56 : pictures.length > 1 ? 112 : 224;
    const names = this.told?.names;
    const first = this.options().first ?? 0;
    this.sheet.replaceChildren(
      ...pictures.map((picture, i) => {
        const label = names?.[first + i] ?? (pictures.length > 1 ? `Picture ${first + i + 1} of ${this.name}` : `Picture of ${this.name}`);
        return element("figure", { title: label }, canvasOf(picture, label, side));
      }),
    );
    const columns = pictures.length > 16 ? 10 : Math.ceil(Math.sqrt(pictures.length));
    const width = columns * (Math.max(side, pictures[0].width) + 6);
    this.sheet.style.width = `${width}px`;
    this.root.classList.toggle("narrow", width <= 400);
  }

  /** What the controls ask for. @returns {Options} */
  options() {
    const { told } = this;
    const value = (/** @type {string} */ name) => {
      const field = this.controls.elements.namedItem(name);
      return field instanceof HTMLInputElement || field instanceof HTMLSelectElement ? field : undefined;
    };
    const first = Number(value("first")?.value ?? 0);
    return {
      seed: Number(value("seed")?.value ?? 0),
      samples: Number(value("samples")?.value ?? 1),
      preview: /** @type {HTMLInputElement | undefined} */ (value("preview"))?.checked ?? !(told?.whole ?? true),
      temperature: Number(value("temperature")?.value ?? 0) / 10,
      ...(told && told.count > 1 ? { first, last: Math.min(told.count, first + SHEET) } : {}),
    };
  }

  /** @param {Told} told */
  makeControls(told) {
    const again = () => this.draw();
    const preview = told.exact && told.fingerprint && told.whole && told.count === 1;
    const fields = [];
    if (told.drawn || preview) {
      fields.push(slider("seed", "Seed", 0, 99, 0, again));
    }
    if (told.drawn && told.count === 1) {
      const options = SAMPLES.map((count) => element("option", { value: String(count), textContent: String(count) }));
      fields.push(element("label", {}, "Samples ", element("select", { name: "samples", onchange: again }, ...options)));
    }
    if (told.heated && told.drawn) fields.push(slider("temperature", "Texture", 0, 10, 0, again));
    if (preview) {
      const box = element("input", { type: "checkbox", name: "preview", onchange: again });
      fields.push(element("label", {}, box, " Lossy preview only"));
    }
    if (told.count > SHEET) fields.push(slider("first", "From picture", 0, told.count - 1, 0, again, SHEET));
    const png = element("button", { type: "button", textContent: "Save PNG", onclick: () => this.savePng() });
    this.controls.replaceChildren(...fields, png);
    this.controls.hidden = false;
  }

  async savePng() {
    const stem = this.name.replace(/\.vlz$/i, "");
    for (const [i, picture] of this.pictures.entries()) {
      const number = this.pictures.length > 1 ? `-${i + 1}` : "";
      save(await encodePng(picture), `${stem}${number}.png`, "image/png");
    }
  }

  /** @param {Told} told */
  tell(told) {
    const size = `${told.width} × ${told.height} pixels`;
    const bits = (8 * this.data.length) / (told.count * told.width * told.height);
    const rows = [
      ["Kind", told.kind],
      ["Model", told.fingerprint ? `${told.model} (${told.fingerprint.slice(0, 12)})` : "none"],
      ["Size", told.count > 1 ? `${told.count.toLocaleString("en")} pictures of ${size}` : size],
      ["File", `${bytesText(this.data.length)}, ${bits.toPrecision(3)} bits per pixel`],
    ];
    if (!told.whole) rows.push(["Damage", "cut short or damaged behind its lossy part: the lossy preview is what is left"]);
    const list = element("dl", {}, ...rows.flatMap(([term, text]) => [element("dt", { textContent: term }), element("dd", { textContent: text })]));
    const parts = told.sections.slice(0, 12);
    const strip = element("div", { className: "strip", "aria-hidden": "true" });
    parts.forEach(({ bytes }, i) => {
      const part = element("span", { className: `part${i % 6}` });
      part.style.flexGrow = String(bytes);
      strip.append(part);
    });
    const legend = element("ul", { className: "legend" });
    parts.forEach(({ name, bytes }, i) => {
      legend.append(element("li", {}, element("i", { className: `part${i % 6}`, "aria-hidden": "true" }), `${name}: ${bytesText(bytes)}`));
    });
    if (told.sections.length > parts.length) legend.append(element("li", { textContent: `and ${told.sections.length - parts.length} more` }));
    this.facts.replaceChildren(list, strip, legend);
  }
}

/**
 * Return a labelled slider that tells its value.
 * @param {string} name
 * @param {string} label
 * @param {number} min
 * @param {number} max
 * @param {number} value
 * @param {() => void} changed
 * @param {number} [step]
 */
function slider(name, label, min, max, value, changed, step = 1) {
  const shown = element("output", { textContent: String(value) });
  const input = element("input", { type: "range", name, min: String(min), max: String(max), step: String(step), value: String(value) });
  input.oninput = () => {
    shown.textContent = input.value;
    changed();
  };
  return element("label", { className: "slider" }, `${label} `, input, shown);
}
