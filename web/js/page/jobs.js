/** Jobs for the worker, one at a time. A job can be stopped, whatever it does: the worker is ended and another made. */

import { all } from "./files.js";

/**
 * @typedef {import("./worker.js").Request} Request
 * @typedef {{ owner: object, request: Request, progress?: (part: number) => void, done: (result: any) => void,
 *   failed: (error: Error) => void }} Job
 */

/** What a stopped job fails with. */
export class Stopped extends Error {}

export class Jobs {
  constructor() {
    /** @type {Job[]} */
    this.waiting = [];
    /** @type {Job | undefined} */
    this.running = undefined;
    /** @type {Worker | undefined} */
    this.worker = undefined;
  }

  /**
   * Return what the worker answers. A waiting job of the same owner and task gives way to this one.
   * @param {object} owner
   * @param {Request} request
   * @param {(part: number) => void} [progress]
   * @returns {Promise<any>}
   */
  run(owner, request, progress) {
    this.drop((job) => job.owner === owner && job.request.task === request.task);
    return new Promise((done, failed) => {
      this.waiting.push({ owner, request, progress, done, failed });
      this.next();
    });
  }

  /**
   * Stop the jobs of an owner.
   * @param {object} owner
   */
  stop(owner) {
    this.drop((job) => job.owner === owner);
    if (this.running?.owner === owner) {
      this.worker?.terminate();
      this.worker = undefined;
      this.running.failed(new Stopped());
      this.running = undefined;
    }
    this.next();
  }

  /**
   * Return whether a job of an owner runs or waits.
   * @param {object} owner
   */
  busy(owner) {
    return this.running?.owner === owner || this.waiting.some((job) => job.owner === owner);
  }

  /** @param {(job: Job) => boolean} which */
  drop(which) {
    for (const job of this.waiting.filter(which)) job.failed(new Stopped());
    this.waiting = this.waiting.filter((job) => !which(job));
  }

  next() {
    if (this.running || !this.waiting.length) return;
    const job = /** @type {Job} */ (this.waiting.shift());
    this.running = job;
    this.worker ??= makeWorker();
    this.worker.onmessage = ({ data }) => {
      if ("progress" in data) return job.progress?.(data.progress);
      this.running = undefined;
      if ("error" in data) job.failed(new Error(data.error));
      else job.done(data.result);
      this.next();
    };
    this.worker.onerror = (event) => {
      this.worker?.terminate();
      this.worker = undefined;
      this.running = undefined;
      job.failed(new Error(event.message || "the page's script cannot be loaded"));
      this.next();
    };
    this.worker.postMessage(job.request);
  }
}

/** Return a worker, with the files that the page holds. */
function makeWorker() {
  // A page that is a single file has its own way.
  const own = /** @type {{ vlzWorker?: () => Worker }} */ (/** @type {unknown} */ (globalThis)).vlzWorker;
  const worker = own?.() ?? new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  if (all()) worker.postMessage({ files: all() });
  return worker;
}
