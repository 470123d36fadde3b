"use strict";

// Lets promise continuations and process.nextTick callbacks run in the middle of a batch, as they would between two
// reads of a socket.

const { queueMicrotask } = require("../timers.js");

/** `process._tickCallback`, which Node.js itself calls between two timers that are due at once; 27 ns. */
const run = undeprecated(process._tickCallback);

/** Whether it does here what it does in Node.js; unknown until asked. */
let works;

/**
 * With `--pending-deprecation` the function is one that warns first, or throws (DEP0134), and has the one it stands for as its prototype. Where it
 * is not, its prototype is the `Function.prototype` of Node's own realm, which need not be the one of this code, but has no function above it.
 */
function undeprecated(callback) {
  if (typeof callback !== "function") return callback;
  const behind = Object.getPrototypeOf(callback);
  return typeof behind === "function" && typeof Object.getPrototypeOf(behind) === "function" ? behind : callback;
}

function probe() {
  if (typeof run !== "function") return false;
  let ran = false;
  queueMicrotask(() => {
    ran = true;
  });
  run.call(process);
  return ran;
}

/**
 * Runs all pending ticks and microtasks. Only for callers that the event loop called directly.
 *
 * @throws {unknown} What a nextTick callback threw. It has to reach the event loop as what it is, an uncaught exception: only then does
 *   Node.js unwind the asynchronous context that the callback ran in, without which the process aborts later.
 * @returns {boolean} False where the runtime has no way to do so: the caller has to yield to the event loop instead.
 */
function runTicks() {
  works ??= probe();
  if (!works) return false;
  run.call(process);
  return true;
}

module.exports = { runTicks };
