/** The page as a single file: what `bundle.py` puts around the script. */

import { hold } from "./files.js";

const files = new Map();
for (const part of document.querySelectorAll("script[data-path]")) {
  const { path } = /** @type {HTMLElement} */ (part).dataset;
  files.set(path, Uint8Array.from(atob(part.textContent ?? ""), (letter) => letter.charCodeAt(0)));
}
hold(files);
