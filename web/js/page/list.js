/** The card of a collection: its files, each of which can be opened. */

import { entries } from "../container/collection.js";
import { bytesText, element } from "./elements.js";

const SHOWN = 200;

/**
 * Return a card that lists the files of a collection.
 * @param {string} name
 * @param {Uint8Array} data
 * @param {(name: string, data: Uint8Array) => void} open
 */
export function listCard(name, data, open) {
  const root = element("article", { className: "card", tabIndex: -1 });
  const close = element("button", { type: "button", className: "quiet", textContent: "Remove", "aria-label": `Remove ${name}`, onclick: () => root.remove() });
  root.append(element("header", {}, element("h2", { textContent: name }), close));
  try {
    const found = entries(data);
    root.append(element("p", { className: "status", textContent: `A collection of ${found.length.toLocaleString("en")} files, ${bytesText(data.length)}` }));
    const list = element("ul", { className: "legend" });
    found.slice(0, SHOWN).forEach((one, i) => {
      const title = one.name || `file ${i + 1}`;
      const button = element("button", { type: "button", textContent: title, onclick: () => open(title.endsWith(".vlz") ? title : `${title}.vlz`, one.data) });
      list.append(element("li", {}, button, ` ${bytesText(one.data.length)}`));
    });
    if (found.length > SHOWN) list.append(element("li", { textContent: `and ${found.length - SHOWN} more` }));
    root.append(list);
  } catch (error) {
    root.append(element("p", { className: "error", textContent: `${name}: ${/** @type {Error} */ (error).message}` }));
  }
  return root;
}
