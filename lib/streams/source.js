"use strict";

// What an application can stream, whatever its kind, as bytes piece by piece.

const { Readable, finished } = require("node:stream");

const { bytesIn } = require("../bytes.js");
const { CryoError, argumentTypeError, codes } = require("../errors.js");
const { setImmediate } = require("../timers.js");

const noop = () => {};
/** Empty pieces in a row after which others have their turn. */
const PATIENCE = 256;

/** Pieces of an outgoing stream. */
class Source {
  #next;
  #end;
  /** No more is wanted. */
  #destroyed = false;
  /** The source has said that there is no more, or failed. */
  #ended = false;

  /**
   * @param {() => any} next As an iterator's.
   * @param {(ended: boolean) => any} end Takes leave of the source, which may have ended by itself.
   */
  constructor(next, end) {
    this.#next = next;
    this.#end = end;
  }

  /**
   * @returns {Promise<Uint8Array | null>} The next piece that is not empty; null at the end, and where no more is wanted.
   * @throws Whatever the source fails with; a TypeError for a piece that is no bytes and no text.
   */
  async next() {
    for (let empty = 0; !this.#destroyed; ) {
      let done;
      let value;
      try {
        ({ done, value } = await this.#next());
      } catch (error) {
        this.#ended = true;
        throw error;
      }
      if (done) {
        this.#ended = true;
        return null;
      }
      const piece = await value;
      const bytes = bytesOf(piece);
      if (bytes === null) throw argumentTypeError("Stream", piece, "pieces that are Buffers, views, ArrayBuffers or strings");
      if (bytes.length > 0) return bytes;
      // A source may have as many of these as it likes, and promises alone never let the event loop come round.
      if (++empty % PATIENCE === 0) await new Promise(setImmediate);
    }
    return null;
  }

  /** Tells the source that no more is wanted. */
  destroy() {
    if (this.#destroyed) return;
    this.#destroyed = true;
    try {
      // Whether and how it takes leave is its own affair.
      Promise.resolve(this.#end(this.#ended)).catch(noop);
    } catch {
      noop();
    }
  }
}

/**
 * Opens a source.
 *
 * @param {any} source A Node.js or WHATWG stream, an (async) iterable, or all at once: a string, a Buffer, any view.
 * @param {number} size Bytes that are wanted at a time, where the source leaves the choice.
 * @returns {Source}
 * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT` where it is none of these.
 * @throws {CryoError} `ERR_CRYO_STREAM_SOURCE` where it does not let itself be opened.
 */
function openSource(source, size) {
  let opened;
  try {
    opened = open(source, size);
  } catch (cause) {
    if (cause?.code === codes.INVALID_ARGUMENT) throw cause;
    throw new CryoError(codes.STREAM_SOURCE, "The source of the stream can't be opened; `cause` is what it threw.", { cause });
  }
  if (opened === null) throw argumentTypeError("Stream", source, "a readable stream or an iterable of Buffers, views or strings");
  return opened;
}

function open(source, size) {
  if (bytesOf(source) !== null) return fromIterator([source][Symbol.iterator]());
  if (typeof source?.pipe === "function" && typeof source.on === "function") return isReadable(source) ? fromStream(source, size) : null;
  if (typeof source?.getReader === "function") {
    if (source.locked) throw argumentTypeError("Stream", source, "a stream that nobody else has locked");
    const reader = source.getReader();
    return new Source(() => reader.read(), (ended) => leave(reader, ended));
  }
  if (typeof source?.[Symbol.asyncIterator] === "function") return fromIterator(source[Symbol.asyncIterator]());
  if (typeof source?.[Symbol.iterator] === "function") return fromIterator(source[Symbol.iterator]());
  return null;
}

/** Leaves a WHATWG stream to others. */
async function leave(reader, ended) {
  try {
    if (!ended) await reader.cancel();
  } finally {
    reader.releaseLock?.();
  }
}

/** Whether a stream can be read: one to write to has a `pipe` method as well. */
function isReadable(source) {
  return typeof source.write !== "function" || typeof source.read === "function" || source.readable === true;
}

/**
 * Takes a stream over, at once and not when its first piece is wanted, which is when the peer has acknowledged TX_START: until then it may flow
 * to somebody else, or to nobody.
 */
function fromStream(source, size) {
  // From now on, not only while it is being read: its error is the stream's, not the process's.
  source.on("error", noop);
  const isModern = typeof source.read === "function" && typeof source.readableLength === "number";
  if (!isModern && typeof source[Symbol.asyncIterator] === "function") {
    const pieces = source[Symbol.asyncIterator]();
    return new Source(() => pieces.next(), () => source.destroy?.());
  }
  const readable = isModern ? source : adapted(source);
  return new Source(piecesOf(readable, size), () => readable.destroy?.());
}

/** A stream of the kind that Node.js had before version 0.10, as one of today. `Readable.wrap()` would lose its end at the `close` behind it. */
function adapted(source) {
  let ended = false;
  const readable = new Readable({
    read: () => source.resume?.(),
    destroy: (error, callback) => {
      source.destroy?.();
      callback(error);
    },
  });
  source.on("data", (piece) => {
    if (!readable.push(piece)) source.pause?.();
  });
  source.on("end", () => {
    ended = true;
    readable.push(null);
  });
  source.on("error", (error) => readable.destroy(error));
  source.on("close", () => {
    if (!ended) readable.destroy();
  });
  return readable;
}

/**
 * What a stream's own iterator gives, but for all that it has buffered in one piece, which would be a copy.
 *
 * @returns {() => Promise<{ done: boolean, value?: any }>}
 */
function piecesOf(readable, size) {
  let wake = noop;
  let end;
  // With this listener Node.js lets no stream flow, not for a `data` listener or a pipe either; these hear what is read here.
  readable.on("readable", () => wake());
  finished(readable, { writable: false }, (error) => {
    end = error ?? null;
    wake();
  });
  return async () => {
    for (;;) {
      // Text can't be cut anywhere: a character may be two units.
      const whole = readable.readableObjectMode || readable.readableEncoding;
      const most = whole ? undefined : Math.min(readable.readableLength, size) || undefined;
      const piece = readable.destroyed ? null : readable.read(most);
      if (piece !== null) return { done: false, value: piece };
      if (end) throw end;
      if (end === null) return { done: true };
      await new Promise((resolve) => (wake = resolve));
    }
  };
}

function fromIterator(iterator) {
  return new Source(() => iterator.next(), (ended) => ended || iterator.return?.());
}

/** A piece as bytes; null where it is neither bytes nor text. */
function bytesOf(piece) {
  return typeof piece === "string" ? Buffer.from(piece) : bytesIn("Stream", piece);
}

module.exports = { openSource };
