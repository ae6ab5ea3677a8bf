/** Elements of the page, made from script. */

import { toRgba } from "../png.js";

/**
 * Return an element.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) /** @type {any} */ (made)[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/**
 * Return a canvas that shows a picture, small ones enlarged.
 * @param {import("../picture.js").Picture} picture
 * @param {string} label
 * @param {number} [side] that small pictures are enlarged to
 */
export function canvasOf(picture, label, side = 224) {
  const { height, width } = picture;
  const canvas = element("canvas", { width, height, role: "img", "aria-label": label });
  const by = Math.max(1, Math.floor(side / Math.max(height, width)));
  canvas.style.width = `${by * width}px`;
  if (by > 1) canvas.classList.add("enlarged");
  canvas.getContext("2d")?.putImageData(new ImageData(toRgba(picture), width, height), 0, 0);
  return canvas;
}

/**
 * Return a number with a unit, for people.
 * @param {number} bytes
 */
export function bytesText(bytes) {
  if (bytes === 1) return "1 byte";
  if (bytes < 10000) return `${bytes.toLocaleString("en")} bytes`;
  return `${(bytes / 1000).toLocaleString("en", { maximumFractionDigits: 1 })} kB`;
}

/**
 * Offer bytes as a file.
 * @param {Uint8Array} data
 * @param {string} name
 * @param {string} type
 */
export function save(data, name, type) {
  const address = URL.createObjectURL(new Blob([/** @type {any} */ (data)], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
