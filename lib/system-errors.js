"use strict";

// The system's errors as Node.js knows them: by its number, which on Windows is its own, and by name.

const { getSystemErrorMap } = require("node:util");

/** @typedef {{ errno: number, code: string, reason: string }} SystemError `errno` is negative. */

/**
 * @param {number} errno Negative, as Node.js has it.
 * @returns {SystemError | undefined}
 */
function byNumber(errno) {
  const entry = getSystemErrorMap().get(errno);
  return entry && { errno, code: entry[0], reason: entry[1] };
}

/**
 * @param {string | undefined} code Such as ECONNRESET.
 * @returns {SystemError | undefined}
 */
function byName(code) {
  const [errno] = [...getSystemErrorMap()].find(([, [name]]) => name === code) ?? [];
  return errno === undefined ? undefined : byNumber(errno);
}

module.exports = { byName, byNumber };
