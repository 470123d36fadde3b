"use strict";

// The `backpressure` option: a profile's name, or an object in one of two spellings: the object with upper-case names of the 3.0.9
// typings, and the object with camelCase names of the 3.0.9 README. All come out as one camelCase object.

const { optionError, optionRangeError, optionTypeError } = require("../errors.js");
const { MAX_BYTES, MAX_COUNT, alternatives, integer, object, oneOf } = require("./checks.js");

const KIB = 1024;
const MIB = 1024 * KIB;

const PROFILES = {
  default: limits(4 * MIB, MIB, 32 * MIB, 4096),
  optimize_latency: limits(512 * KIB, 128 * KIB, 4 * MIB, 512),
  optimize_memory: limits(256 * KIB, 64 * KIB, 2 * MIB, 256),
};

// The README documents defaults of its own, which are those of no profile.
const CAMEL_CASE_DEFAULTS = limits(16 * MIB, MIB, 8 * MIB, 1024);

const CHECKS = {
  highWaterMark: integer(1, MAX_BYTES),
  lowWaterMark: integer(0, MAX_BYTES),
  maxQueuedBytes: integer(1, MAX_BYTES),
  maxQueueCount: integer(1, MAX_COUNT),
  dropPolicy: oneOf("drop-oldest", "drop-newest", "dedupe-latest"),
};

const UPPER_CASE = {
  HIGH_WATERMARK: "highWaterMark",
  LOW_WATERMARK: "lowWaterMark",
  MAX_QUEUED_BYTES: "maxQueuedBytes",
  MAX_QUEUE_SIZE: "maxQueueCount",
  DROP_POLICY: "dropPolicy",
};

const CAMEL_CASE = Object.fromEntries(Object.keys(CHECKS).map((key) => [key, key]));

const TAKES = `${alternatives(Object.keys(PROFILES))}, or an object with any of ${alternatives(Object.keys(CHECKS))}`;

/**
 * @typedef {object} Backpressure
 * @property {number} highWaterMark Bytes waiting for the socket from which on sending is throttled.
 * @property {number} lowWaterMark At or below this many bytes it goes on; at most `highWaterMark`.
 * @property {number} maxQueuedBytes Bytes a session's queue may hold.
 * @property {number} maxQueueCount Frames a session's queue may hold.
 * @property {"drop-oldest" | "drop-newest" | "dedupe-latest"} dropPolicy What gives way above the two caps.
 */

/**
 * @param {string} name The option's path, for error messages.
 * @param {unknown} value A profile's name or an object in one of the two spellings.
 * @returns {Readonly<Backpressure>}
 * @throws {TypeError} For a misspelt profile, key or policy.
 * @throws {RangeError} For a number out of range, and for a low water mark above the high one.
 */
function normalizeBackpressure(name, value) {
  if (typeof value === "string") {
    if (!Object.hasOwn(PROFILES, value)) throw optionTypeError(name, value, TAKES);
    return PROFILES[value];
  }
  const keys = Object.keys(object(name, value, TAKES)).filter((key) => value[key] !== undefined);
  const isUpperCase = keys.some((key) => Object.hasOwn(UPPER_CASE, key));
  const spelling = isUpperCase ? UPPER_CASE : CAMEL_CASE;
  const given = {};
  for (const key of keys) {
    // Keys of the other spelling end here too: which defaults would such a mixture ask for?
    if (!Object.hasOwn(spelling, key)) throw unknownKey(name, key, spelling);
    given[spelling[key]] = CHECKS[spelling[key]](`${name}.${key}`, value[key]);
  }
  const { highWaterMark: high, lowWaterMark: low } = given;
  if (low > high) throw optionRangeError(`The low-water mark of ${name}`, low, `at most its high-water mark, ${high}`);
  return withDefaults(given, isUpperCase ? PROFILES.default : CAMEL_CASE_DEFAULTS);
}

function unknownKey(name, key, spelling) {
  const keys = alternatives(Object.keys(spelling));
  return optionError(`${name} has no key ${JSON.stringify(key)}; its keys are ${keys}. The two spellings can't be mixed.`);
}

function withDefaults(given, defaults) {
  const { highWaterMark: high, lowWaterMark: low } = given;
  return Object.freeze({
    ...defaults,
    ...given,
    // Who moves one mark past the default of the other has not asked for an error.
    highWaterMark: high ?? Math.max(defaults.highWaterMark, low ?? 0),
    lowWaterMark: low ?? Math.min(defaults.lowWaterMark, high ?? Infinity),
  });
}

function limits(highWaterMark, lowWaterMark, maxQueuedBytes, maxQueueCount) {
  return Object.freeze({ highWaterMark, lowWaterMark, maxQueuedBytes, maxQueueCount, dropPolicy: "drop-oldest" });
}

module.exports = { normalizeBackpressure };
