"use strict";

// What timers of Node.js can do, and its ways to a later turn of the event loop, as they are when the package is loaded. A test of the application's
// may replace them later by fakes that run when it says so: the times that the application sets are meant by that, and not what the package does
// in turns.

const { clearInterval, setImmediate, setInterval } = require("node:timers");

const { queueMicrotask } = globalThis;
const { nextTick } = process;

/** The longest time one can be set to, in ms; it takes longer ones for 1 ms. Times that Rust sees to have the same limit. */
const LONGEST_TIMER = 2 ** 31 - 1;

module.exports = { LONGEST_TIMER, clearInterval, nextTick, queueMicrotask, setImmediate, setInterval };
