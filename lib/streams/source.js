"use strict";

// What an application can stream, whatever its kind, as bytes piece by piece.

const { Readable } = require("node:stream");

const { argumentTypeError } = require("../errors.js");

const noop = () => {};

/** Pieces of an outgoing stream. */
class Source {
  #next;
  #end;

  /**
   * @param {() => any} next As an iterator's.
   * @param {() => any} end Tells the source that no more is wanted.
   */
  constructor(next, end) {
    this.#next = next;
    this.#end = end;
  }

  /**
   * @returns {Promise<Uint8Array | null>} The next piece that is not empty; null at the end.
   * @throws Whatever the source fails with; a TypeError for a piece that is no bytes and no text.
   */
  async next() {
    for (;;) {
      const { done, value } = await this.#next();
      if (done) return null;
      const piece = await value;
      const bytes = bytesOf(piece);
      if (bytes === null) throw argumentTypeError("Stream", piece, "pieces that are Buffers, views, ArrayBuffers or strings");
      if (bytes.length > 0) return bytes;
    }
  }

  /** Tells the source that no more is wanted. */
  destroy() {
    try {
      // Whether and how it takes leave is its own affair.
      Promise.resolve(this.#end()).catch(noop);
    } catch {
      noop();
    }
  }
}

/**
 * Opens a source.
 *
 * @param {any} source A Node.js or WHATWG stream, an (async) iterable, or all at once: a string, a Buffer, any view.
 * @returns {Source}
 * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT` where it is none of these.
 */
function openSource(source) {
  if (bytesOf(source) !== null) return fromIterator([source][Symbol.iterator]());
  if (typeof source?.pipe === "function" && typeof source.on === "function") return fromStream(source);
  if (typeof source?.getReader === "function") {
    const reader = source.getReader();
    return new Source(() => reader.read(), () => reader.cancel());
  }
  if (typeof source?.[Symbol.asyncIterator] === "function") return fromIterator(source[Symbol.asyncIterator]());
  if (typeof source?.[Symbol.iterator] === "function") return fromIterator(source[Symbol.iterator]());
  throw argumentTypeError("Stream", source, "a readable stream or an iterable of Buffers, views or strings");
}

function fromStream(source) {
  // From now on, not only while it is being read: its error is the stream's, not the process's.
  source.on("error", noop);
  const readable = typeof source[Symbol.asyncIterator] === "function" ? source : new Readable().wrap(source);
  const iterator = readable[Symbol.asyncIterator]();
  return new Source(() => iterator.next(), () => readable.destroy?.());
}

function fromIterator(iterator) {
  return new Source(() => iterator.next(), () => iterator.return?.());
}

/** The bytes of a piece; null where it has none. */
function bytesOf(piece) {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === "string") return Buffer.from(piece);
  if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  if (piece instanceof ArrayBuffer || piece instanceof SharedArrayBuffer) return new Uint8Array(piece);
  return null;
}

module.exports = { openSource };
