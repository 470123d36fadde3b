"use strict";

// The names of streams: what they may be, what keeping one costs, and how a message shows it. Each may be megabytes that the peer chose.

const { CryoError, argumentTypeError, codes } = require("../errors.js");
const { MAX_PAYLOAD } = require("../options/options.js");

/** Names up to this cost, in bytes, are part of what any stream takes. */
const FREE = 256;
/** UTF-16 units of a name that messages show. */
const SHOWN = 80;
/** What a terminal obeys, or takes for the end of a line or for another direction of writing: names come from peers, and messages go to logs. */
const UNSHOWN = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

/**
 * @param {string} method Which one was called, for the error message.
 * @param {unknown} name
 * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT` for what is no string.
 * @throws {CryoError} `ERR_CRYO_PAYLOAD_TOO_LARGE`.
 */
function checkName(method, name) {
  if (typeof name !== "string") throw argumentTypeError(method, name, "a string as the stream's name");
  // A UTF-16 unit takes at most three bytes of UTF-8.
  if (name.length * 3 <= MAX_PAYLOAD) return;
  const length = Buffer.byteLength(name);
  if (length <= MAX_PAYLOAD) return;
  const message = `${method}: a stream's name of ${length} bytes is over the limit of ${MAX_PAYLOAD}; choose a shorter one.`;
  throw new CryoError(codes.PAYLOAD_TOO_LARGE, message);
}

/** @param {string} name @returns {number} What keeping a name costs, in bytes, beyond what any stream does. */
function costOfName(name) {
  // Two bytes a unit: V8 takes one only where all characters are Latin-1.
  return Math.max(0, name.length * 2 - FREE);
}

/** @param {string} name @returns {string} A name as messages show it: its beginning, where it is long, and as text of one line. */
function shownName(name) {
  const shown = (name.length <= SHOWN ? name : `${name.slice(0, SHOWN)}...`).replace(UNSHOWN, escaped);
  // By way of bytes: a part of a string keeps the whole of it in memory.
  return shown === name ? name : Buffer.from(shown).toString();
}

function escaped(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

module.exports = { checkName, costOfName, shownName };
