"use strict";

// The three kinds of messages by their number on the bridge, what each one takes as a payload, and what applications get of it.

const { EVENT } = require("../bridge/codes.js");
const { bytesIn } = require("../bytes.js");
const { CryoError, argumentTypeError, codes, hasCode } = require("../errors.js");

/** A message's kind is the code of its event. */
const { Utf8: UTF8, Binary: BINARY, Error: ERROR } = EVENT;

/** What extensions call them: `on_receive_<name>`, `before_send_<name>`. */
const NAMES = ["utf8", "binary", "error"];

/** The session's event for each. */
const EVENTS = ["message-utf8", "message-binary", "message-error"];

/**
 * @param {string} method Which one was called, for the error message.
 * @param {unknown} text
 * @param {number} limit Largest payload in bytes.
 * @returns {string}
 * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT` for what is no string.
 * @throws {CryoError} `ERR_CRYO_PAYLOAD_TOO_LARGE`.
 */
function textOf(method, text, limit) {
  if (typeof text !== "string") throw argumentTypeError(method, text, "a string");
  // A UTF-16 unit takes at most three bytes of UTF-8.
  if (text.length * 3 > limit) checkLength(Buffer.byteLength(text), limit);
  return text;
}

/**
 * @param {string} method Which one was called, for the error message.
 * @param {unknown} data
 * @param {number} limit Largest payload in bytes.
 * @returns {Uint8Array} The bytes that a view or an ArrayBuffer covers, not copied.
 * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT` for what is neither, or was transferred to somebody else.
 * @throws {CryoError} `ERR_CRYO_PAYLOAD_TOO_LARGE`.
 */
function bytesOf(method, data, limit) {
  const bytes = bytesIn(method, data);
  if (bytes === null) throw argumentTypeError(method, data, "a Buffer, an ArrayBuffer or a view of one");
  checkLength(bytes.length, limit);
  return bytes;
}

/** A message that has come, as the application gets it; it may have to wait until then. */
function valueIn(kind, payload, waits = false) {
  if (kind !== BINARY) return payload.text();
  return waits ? payload.own() : payload.buffer();
}

function checkLength(length, limit) {
  if (length <= limit) return;
  throw new CryoError(codes.PAYLOAD_TOO_LARGE, `A payload of ${length} bytes is over the limit of ${limit}; stream it instead.`);
}

/** Whether an error is that of a payload over the limit. */
function isTooLarge(error) {
  return hasCode(error, codes.PAYLOAD_TOO_LARGE);
}

module.exports = { BINARY, ERROR, EVENTS, NAMES, UTF8, bytesOf, isTooLarge, textOf, valueIn };
