"use strict";

// Lets promise continuations and process.nextTick callbacks run in the middle of a batch, as they would between two
// reads of a socket.

/** `process._tickCallback`, which Node.js itself calls between two timers that are due at once; 27 ns. */
const run = process._tickCallback;

/** Whether it does here what it does in Node.js; unknown until asked. */
let works;

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
 * @returns {boolean} False where the runtime has no way to do so: the caller has to yield to the event loop instead.
 */
function runTicks() {
  works ??= probe();
  if (!works) return false;
  try {
    run.call(process);
  } catch (error) {
    // A nextTick callback of the application threw. That is an uncaught exception, but not of this batch.
    setImmediate(() => {
      throw error;
    });
  }
  return true;
}

module.exports = { runTicks };
