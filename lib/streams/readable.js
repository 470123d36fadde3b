"use strict";

// A stream of the peer, as the application reads it.

const { Readable } = require("node:stream");

const { emitGuarded } = require("../emit.js");

/** Bytes that Node.js may buffer beyond what was read. */
const HIGH_WATER_MARK = 64 * 1024;

/** What the session's side may do with a readable and an application may not. */
const feeder = {};

/**
 * Who made a readable.
 *
 * @typedef {object} Owner
 * @property {(length: number, chunks: number) => void} consumed The application has taken so many bytes in so many chunks.
 * @property {() => void} destroyed It will take no more.
 * @property {(error: unknown, event: string | null) => void} failed A listener of that event threw or rejected; without an event,
 *   the stream failed and nobody listens for `error`.
 */

class CryoReadable extends Readable {
  #owner;
  #chunks = [];
  /** What Node.js has, of which the application may not have taken all: in bytes and in chunks. */
  #given = { bytes: 0, chunks: 0 };
  /** Node.js has asked for chunks, and has not got as many as it buffers. */
  #wanted = false;
  #finished = false;

  static {
    feeder.chunk = (readable, chunk) => {
      readable.#chunks.push(chunk);
      readable.#give();
    };
    feeder.finish = (readable) => {
      readable.#finished = true;
      readable.#give();
    };
  }

  /**
   * Readables are made by the session.
   *
   * @param {number} txId
   * @param {number} byteLength
   * @param {Owner} owner
   */
  constructor(txId, byteLength, owner) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.#owner = owner;
    /** The transaction's number. */
    this.txId = txId;
    /** Size of the whole stream in bytes, as its sender announced it; -1 where it did not. */
    this.byteLength = byteLength;
  }

  /** Node.js calls listeners when it sees fit: what one throws then would end the process, as would an error that nobody listens for. */
  emit(event, ...args) {
    return emitGuarded(this, event, args, this.#owner.failed);
  }

  _read() {
    // Node.js asks when the application has taken all before but what Node.js may buffer; a chunk can be much longer than that.
    this.#taken();
    this.#wanted = true;
    this.#give();
  }

  _destroy(error, callback) {
    this.#chunks = [];
    this.#owner.destroyed();
    callback(error);
  }

  /** Gives Node.js all that it has room for: with one chunk at a time, a read() would return the first of those that have come. */
  #give() {
    while (this.#wanted && this.#chunks.length > 0) {
      const chunk = this.#chunks.shift();
      this.#given.bytes += chunk.length;
      this.#given.chunks++;
      this.#wanted = this.push(chunk);
    }
    if (!this.#wanted || !this.#finished) return;
    this.#wanted = false;
    this.push(null);
  }

  #taken() {
    const { bytes, chunks } = this.#given;
    this.#given = { bytes: 0, chunks: 0 };
    if (chunks > 0) this.#owner.consumed(bytes, chunks);
  }
}

module.exports = { CryoReadable, feeder };
