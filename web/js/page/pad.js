/** The pad: draw a digit, see the bytes of its file, and other hands that write it. */

import { canvasOf, element } from "./elements.js";
import { load } from "./files.js";
import { centred } from "./ink.js";
import { Stopped } from "./jobs.js";

const SIDE = 280;
const SIZE = 28;
const PEN = 22;
const HANDS = 8;

export class Pad {
  /**
   * @param {HTMLElement} root
   * @param {import("./jobs.js").Jobs} jobs
   * @param {(name: string, data: Uint8Array) => void} keep
   */
  constructor(root, jobs, keep) {
    this.jobs = jobs;
    this.keep = keep;
    this.canvas = element("canvas", { width: SIDE, height: SIDE, className: "pad", role: "img", "aria-label": "Drawing pad" });
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { willReadFrequently: true }));
    const bytes = [1, 2, 3, 4, 5, 6, 7].map((count) => element("option", { textContent: String(count), selected: count === 3 }));
    this.bytes = element("select", { onchange: () => this.compress() }, ...bytes);
    const clear = element("button", { type: "button", textContent: "Clear", onclick: () => this.clear() });
    const save = element("button", { type: "button", textContent: "Keep as a file", onclick: () => this.data && this.keep("drawing.vlz", this.data) });
    const ours = Array.from({ length: 10 }, (_, digit) =>
      element("button", { type: "button", textContent: String(digit), "aria-label": `Take our ${digit}`, onclick: () => this.take(digit) }),
    );
    this.file = element("p", { className: "file", role: "status" });
    this.hands = element("div", { className: "sheet" });
    this.hands.style.width = `${4 * 90}px`;
    const controls = element("p", { className: "controls" }, element("label", {}, "Bytes ", this.bytes), clear, save);
    root.append(
      element("div", {}, this.canvas, element("p", { className: "examples" }, "or take one of ours: ", ...ours)),
      element("div", { className: "beside" }, controls, this.file, this.hands),
    );
    this.listen();
    this.clear();
  }

  listen() {
    const { canvas, context } = this;
    const place = (/** @type {PointerEvent} */ event) => {
      const box = canvas.getBoundingClientRect();
      return /** @type {[number, number]} */ ([((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height]);
    };
    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "white" });
      context.beginPath();
      context.moveTo(...place(event));
      context.lineTo(...place(event));
      context.stroke();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      context.lineTo(...place(event));
      context.stroke();
    });
    canvas.addEventListener("pointerup", () => this.compress());
  }

  clear() {
    this.jobs.stop(this);
    this.context.fillStyle = "black";
    this.context.fillRect(0, 0, SIDE, SIDE);
    this.data = undefined;
    this.file.textContent = "Draw a digit: its file and eight other hands that write it appear here.";
    this.hands.replaceChildren();
  }

  /**
   * Put one of the package's digits onto the pad.
   * @param {number} digit
   */
  async take(digit) {
    try {
      const data = await load("examples/digits.vlz");
      const options = { first: digit, last: digit + 1 };
      const [picture] = await this.jobs.run(this, { task: "draw", data, options });
      this.clear();
      this.context.imageSmoothingEnabled = false;
      this.context.drawImage(canvasOf(picture, ""), 0, 0, SIDE, SIDE);
      await this.compress();
    } catch (error) {
      this.complain(error);
    }
  }

  async compress() {
    const { data } = this.context.getImageData(0, 0, SIDE, SIDE);
    const ink = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => data[4 * i]);
    const pixels = centred(ink, SIDE, SIZE);
    if (!pixels) return;
    try {
      const request = /** @type {const} */ ({ task: "encode", pixels, bytes: Number(this.bytes.value), samples: HANDS });
      const { file, pictures } = await this.jobs.run(this, request);
      this.data = file;
      this.tell(file);
      this.hands.replaceChildren(
        ...pictures.map((/** @type {import("../picture.js").Picture} */ picture, /** @type {number} */ i) =>
          element("figure", {}, canvasOf(picture, `Hand ${i + 1}`, 84)),
        ),
      );
    } catch (error) {
      this.complain(error);
    }
  }

  /** @param {Uint8Array} file */
  tell(file) {
    const text = (/** @type {Uint8Array} */ part) => [...part].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const end = file.length - 2;
    this.file.replaceChildren(
      "The file: ",
      element("code", {}, `${text(file.subarray(0, 6))} `, element("b", { textContent: text(file.subarray(6, end)) }), ` ${text(file.subarray(end))}`),
      ` — the digit itself is the ${end - 6 === 1 ? "byte" : `${end - 6} bytes`} in bold; around them are the model's name and a checksum.`,
    );
  }

  /** @param {unknown} error */
  complain(error) {
    if (!(error instanceof Stopped)) this.file.textContent = /** @type {Error} */ (error).message;
  }
}
