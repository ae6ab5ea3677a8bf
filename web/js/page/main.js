/** The page: files that are dropped or chosen become cards. */

import { isCollection } from "../container/collection.js";
import { Card } from "./card.js";
import { load } from "./files.js";
import { Jobs } from "./jobs.js";
import { listCard } from "./list.js";
import { Pad } from "./pad.js";

const jobs = new Jobs();
const cards = /** @type {HTMLElement} */ (document.querySelector("#cards"));
const input = /** @type {HTMLInputElement} */ (document.querySelector("#files"));
const drop = /** @type {HTMLElement} */ (document.querySelector("#drop"));

/** @param {Iterable<File>} files */
async function add(files) {
  for (const file of [...files].reverse()) show(file.name, new Uint8Array(await file.arrayBuffer()));
}

/**
 * @param {string} name
 * @param {Uint8Array} data
 */
function show(name, data) {
  if (isCollection(data)) {
    cards.prepend(listCard(name, data, show));
    return;
  }
  const card = new Card(name, data, jobs);
  cards.prepend(card.root);
  card.root.scrollIntoView({ block: "nearest" });
  card.open();
}

new Pad(/** @type {HTMLElement} */ (document.querySelector("#pad")), jobs, show);
document.querySelector("#choose")?.addEventListener("click", () => input.click());
input.addEventListener("change", () => {
  add(input.files ?? []);
  input.value = "";
});

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  add(event.dataTransfer?.files ?? []);
});
document.addEventListener("paste", (event) => add(event.clipboardData?.files ?? []));

for (const button of document.querySelectorAll("button[data-example]")) {
  button.addEventListener("click", async () => {
    const path = /** @type {HTMLElement} */ (button).dataset.example ?? "";
    show(path.split("/").pop() ?? path, await load(path));
  });
}
