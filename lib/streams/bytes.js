"use strict";

// What the pieces of a stream, and whole sources, can be as bytes.

const { isAnyArrayBuffer } = require("node:util").types;

const { argumentTypeError } = require("../errors.js");

/**
 * @param {unknown} piece Also one of another realm, such as a `vm` context's.
 * @returns {Uint8Array | null} Its bytes, those of a view or an ArrayBuffer not copied; null where it has none.
 * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT` where they are elsewhere by now.
 */
function bytesOf(piece) {
  if (typeof piece === "string") return Buffer.from(piece);
  if (ArrayBuffer.isView(piece)) return viewOf(piece);
  if (isAnyArrayBuffer(piece)) return over(piece);
  return null;
}

function viewOf(view) {
  if (view instanceof Uint8Array) {
    // A detached one is as empty as any.
    if (view.length === 0) over(view.buffer);
    return view;
  }
  const whole = over(view.buffer);
  return new Uint8Array(whole.buffer, view.byteOffset, view.byteLength);
}

/** All bytes of an ArrayBuffer. */
function over(buffer) {
  try {
    return new Uint8Array(buffer);
  } catch {
    throw argumentTypeError("Stream", buffer, "bytes that have not been transferred elsewhere");
  }
}

module.exports = { bytesOf };
