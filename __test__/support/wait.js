"use strict";

// Bounded waits: a lost event fails its test by name instead of hanging the run.

const { once } = require("node:events");
const { setTimeout: pause } = require("node:timers/promises");

// Far above what any wait takes, because the suite's processes share the machine with each other.
const DEADLINE_MS = 30_000;
/** What settles too early may do so by a timer. */
const LATE_MS = 20;

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what Names the wait in the error.
 * @param {number} [ms]
 * @returns {Promise<T>} The promise's outcome, or a rejection when it takes longer than `ms`.
 */
function within(promise, what, ms = DEADLINE_MS) {
  const late = new Error(`${what}: not within ${ms} ms`);
  let timer;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(reject, ms, late);
  });
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
}

/**
 * @param {import("node:events").EventEmitter} emitter
 * @param {string} name
 * @param {number} [ms]
 * @returns {Promise<any[]>} The arguments of the next event of that name.
 */
function event(emitter, name, ms) {
  return within(once(emitter, name), `event "${name}"`, ms);
}

/**
 * Resolves when a condition holds that no event tells of.
 *
 * @param {() => unknown} condition May be asynchronous.
 * @param {string} what Names the wait in the error.
 */
async function until(condition, what) {
  let late = false;
  const poll = async () => {
    while (!late && !(await condition())) await pause(5);
  };
  await within(poll(), what).finally(() => (late = true));
}

/**
 * @param {Promise<unknown>} promise
 * @returns {Promise<boolean>} Whether it has settled, once all that is due in this turn of the event loop has run, and what is a few turns
 *   or milliseconds late. What comes from the other threads has to be awaited before, such as by `caughtUp`.
 */
async function settled(promise) {
  let done = false;
  const mark = () => (done = true);
  promise.then(mark, mark);
  await pause(LATE_MS);
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

/**
 * A promise settled from outside.
 *
 * @template T
 * @returns {{ promise: Promise<T>, resolve: (value: T) => void, reject: (error: Error) => void }}
 */
function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

module.exports = { deferred, event, settled, until, within };
