"use strict";

// A time for a timer, checked as a net.Socket checks its own: by itself a timer takes anything, and what is none or too long for 1 ms.

const { inspect } = require("node:util");

const { LONGEST_TIMER } = require("../timers.js");

/**
 * @param {unknown} milliseconds
 * @returns {number} Up to 2^31-1; a process warning tells of what was longer.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`.
 */
function timerDuration(milliseconds) {
  if (typeof milliseconds !== "number") {
    throw invalid(TypeError, "ERR_INVALID_ARG_TYPE", `The "msecs" argument must be of type number. Received ${described(milliseconds)}`);
  }
  if (!(milliseconds >= 0 && milliseconds < Infinity)) {
    const words = `The value of "msecs" is out of range. It must be a non-negative finite number. Received ${milliseconds}`;
    throw invalid(RangeError, "ERR_OUT_OF_RANGE", words);
  }
  if (milliseconds <= LONGEST_TIMER) return milliseconds;
  const words = `${milliseconds} does not fit into a 32-bit signed integer.\nTimer duration was truncated to ${LONGEST_TIMER}.`;
  process.emitWarning(words, "TimeoutOverflowWarning");
  return LONGEST_TIMER;
}

function described(value) {
  return value === null || value === undefined ? `${value}` : `type ${typeof value} (${inspect(value, { depth: -1 })})`;
}

function invalid(ErrorClass, code, words) {
  return Object.assign(new ErrorClass(words), { code });
}

module.exports = { timerDuration };
