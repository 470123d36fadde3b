"use strict";

// What Node.js does by itself between two events of its own, for events that are emitted one after the other.

const { nextTick, queueMicrotask } = require("../timers.js");

/**
 * Does something once the promise continuations that are due have run: what a listener awaits of one event has its turn before the next one.
 *
 * @param {() => void} task
 */
function afterContinuations(task) {
  // Not one of the two alone: a microtask may leave others behind it, and ticks come before microtasks where none is running.
  queueMicrotask(() => nextTick(task));
}

module.exports = { afterContinuations };
