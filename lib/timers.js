"use strict";

// What timers of Node.js can do.

/** The longest time one can be set to, in ms; it takes longer ones for 1 ms. Times that Rust sees to have the same limit. */
const LONGEST_TIMER = 2 ** 31 - 1;

module.exports = { LONGEST_TIMER };
