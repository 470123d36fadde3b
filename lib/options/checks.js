"use strict";

// Checks of single option values. Each takes the option's path and value, and returns the value to use or throws.

const { optionRangeError, optionTypeError } = require("../errors.js");
const { LONGEST_TIMER } = require("../timers.js");

const MAX_COUNT = 2 ** 32 - 1;
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

/** @typedef {(name: string, value: any) => any} Check */

/**
 * A time in ms, above 0; a fraction is rounded up.
 *
 * @type {Check}
 */
function duration(name, value) {
  const takes = `a number of milliseconds above 0 and up to ${LONGEST_TIMER}`;
  if (typeof value !== "number") throw optionTypeError(name, value, takes);
  if (!(value > 0 && value <= LONGEST_TIMER)) throw optionRangeError(name, value, takes);
  return Math.ceil(value);
}

/**
 * A whole number between two bounds, both included.
 *
 * @param {number} min
 * @param {number} max
 * @returns {Check}
 */
function integer(min, max) {
  const takes = `a whole number from ${min} to ${max}`;
  return (name, value) => {
    if (typeof value !== "number") throw optionTypeError(name, value, takes);
    if (!Number.isInteger(value) || value < min || value > max) throw optionRangeError(name, value, takes);
    return value;
  };
}

/**
 * One of a few words.
 *
 * @param {...string} words
 * @returns {Check}
 */
function oneOf(...words) {
  const takes = alternatives(words);
  return (name, value) => {
    if (!words.includes(value)) throw optionTypeError(name, value, takes);
    return value;
  };
}

/**
 * A text that names something, so neither empty nor with a NUL in it.
 *
 * @type {Check}
 */
function text(name, value) {
  if (typeof value !== "string" || value === "" || value.includes("\0")) {
    throw optionTypeError(name, value, "a string that is not empty");
  }
  return value;
}

/**
 * An object to read options from.
 *
 * @param {string} name
 * @param {any} value
 * @param {string} [takes] What the option takes, as it follows "takes" in a sentence.
 * @returns {any}
 */
function object(name, value, takes = "an object") {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw optionTypeError(name, value, takes);
  return value;
}

/**
 * Words as an error message lists them.
 *
 * @param {readonly string[]} words
 * @returns {string} Such as `"a", "b" or "c"`.
 */
function alternatives(words) {
  const quoted = words.map((word) => `"${word}"`);
  return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

module.exports = { MAX_BYTES, MAX_COUNT, alternatives, duration, integer, object, oneOf, text };
