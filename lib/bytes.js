"use strict";

// What applications pass as bytes: Buffers, ArrayBuffers and views of them.

const { isAnyArrayBuffer, isTypedArray } = require("node:util/types");

const { argumentTypeError } = require("./errors.js");

/** Throws where a typed array's memory is gone. A length does not tell: it is 0 then. */
const { keys } = Object.getPrototypeOf(Uint8Array.prototype);

/**
 * @param {string} method Which one was called, for the error message.
 * @param {unknown} data Also of another realm, such as a `vm` context's, whose classes are others.
 * @returns {Uint8Array | null} The bytes that a view or an ArrayBuffer covers, not copied; null where it is neither.
 * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT` where its memory was transferred to somebody else, or a resizable one has become too short.
 */
function bytesIn(method, data) {
  if (data instanceof Uint8Array) {
    if (data.length === 0) checkMemory(method, data);
    return data;
  }
  if (ArrayBuffer.isView(data)) {
    checkMemory(method, data);
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  if (!isAnyArrayBuffer(data)) return null;
  try {
    return new Uint8Array(data);
  } catch {
    throw withoutMemory(method, data);
  }
}

function checkMemory(method, view) {
  try {
    if (isTypedArray(view)) keys.call(view);
    // A DataView's throws.
    else void view.byteLength;
  } catch {
    throw withoutMemory(method, view);
  }
}

function withoutMemory(method, data) {
  return argumentTypeError(method, data, "bytes whose memory was neither transferred to somebody else nor made shorter than they are");
}

module.exports = { bytesIn };
