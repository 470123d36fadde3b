"use strict";

// What applications pass as bytes: Buffers, ArrayBuffers and views of them.

const { isAnyArrayBuffer } = require("node:util/types");

const { argumentTypeError } = require("./errors.js");

/**
 * @param {string} method Which one was called, for the error message.
 * @param {unknown} data Also of another realm, such as a `vm` context's, whose classes are others.
 * @returns {Uint8Array | null} The bytes that a view or an ArrayBuffer covers, not copied; null where it is neither.
 * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT` where its memory was transferred to somebody else.
 */
function bytesIn(method, data) {
  if (data instanceof Uint8Array) {
    // One whose memory was transferred is as empty as any.
    if (data.length === 0) whole(method, data.buffer);
    return data;
  }
  if (ArrayBuffer.isView(data)) return new Uint8Array(whole(method, data.buffer).buffer, data.byteOffset, data.byteLength);
  return isAnyArrayBuffer(data) ? whole(method, data) : null;
}

function whole(method, buffer) {
  try {
    return new Uint8Array(buffer);
  } catch {
    throw argumentTypeError(method, buffer, "bytes whose memory was not transferred to somebody else");
  }
}

module.exports = { bytesIn };
