/** What is wrong with a file or a model, in one sentence for the reader of the page. */
export class VlzError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "VlzError";
  }
}
