"use strict";

// A stream of the peer, as the application reads it.

const { Readable } = require("node:stream");

const { emitGuarded } = require("../emit.js");
const { Backlog } = require("./backlog.js");

/** Bytes that Node.js may buffer beyond what was read. */
const HIGH_WATER_MARK = 64 * 1024;

/** What the session's side may do with a readable and an application may not. */
const feeder = {};

/**
 * Who made a readable.
 *
 * @typedef {object} Owner
 * @property {(length: number, chunks: number) => void} consumed The application has taken so many bytes in so many chunks.
 * @property {(chunks: Uint8Array[]) => void} loaded Chunks that were moved to a file are in memory again.
 * @property {() => void} starved Node.js asks for more than has come.
 * @property {(cause: Error) => void} lost Chunks can't be read from their file.
 * @property {() => void} missing A chunk was transferred away before it was read.
 * @property {() => void} destroyed It will take no more.
 * @property {(error: unknown, event: string | null) => void} failed A listener of that event threw or rejected; without an event,
 *   the stream failed and nobody listens for `error`.
 */

class CryoReadable extends Readable {
  #owner;
  #backlog = new Backlog();
  /** What Node.js has, of which the application may not have taken all: in bytes and in chunks. */
  #given = { bytes: 0, chunks: 0 };
  /** Node.js has asked for chunks, and has not got as many as it buffers. */
  #wanted = false;
  #finished = false;
  #loading = false;

  static {
    feeder.chunk = (readable, chunk) => {
      readable.#backlog.add(chunk);
      readable.#give();
    };
    feeder.finish = (readable) => {
      readable.#finished = true;
      readable.#give();
    };
    feeder.isMovable = (readable) => readable.#backlog.isMovable;
    /** Moves what Node.js has not got to a file. @returns {Promise<Uint8Array[]>} */
    feeder.move = async (readable, spool) => {
      try {
        return await readable.#backlog.move(spool);
      } finally {
        // Who asked meanwhile waits for it.
        readable.#give();
      }
    };
    /** Bytes that Node.js has and that do not count as taken. Those that do were there first. */
    feeder.counted = (readable) => Math.min(readable.readableLength, readable.#given.bytes);
    /** Counts what Node.js has as taken. */
    feeder.settle = (readable) => readable.#taken();
  }

  /**
   * Readables are made by the session.
   *
   * @param {number} txId
   * @param {number} announcedBytes
   * @param {Owner} owner
   */
  constructor(txId, announcedBytes, owner) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.#owner = owner;
    /** The transaction's number. */
    this.txId = txId;
    /**
     * Size of the whole stream in bytes, as its sender announced it; -1 where it did not. Not called `byteLength`, which libraries for uploads take
     * for a fact.
     */
    this.announcedBytes = announcedBytes;
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
    this.#backlog.close();
    this.#owner.destroyed();
    callback(error);
  }

  /** Gives Node.js all that it has room for: with one chunk at a time, a read() would return the first of those that have come. */
  #give() {
    if (this.#loading) return;
    for (let chunk; this.#wanted && (chunk = this.#backlog.shift()) !== undefined; ) {
      // None is empty when it comes.
      if (chunk.length === 0) return this.#owner.missing();
      this.#push(chunk);
    }
    if (!this.#wanted || this.destroyed) return;
    if (this.#backlog.isStored) void this.#load();
    else if (this.#finished) {
      this.#wanted = false;
      this.push(null);
    } else this.#owner.starved();
  }

  #push(chunk) {
    this.#given.bytes += chunk.length;
    this.#given.chunks++;
    this.#wanted = this.push(chunk);
  }

  /** Gives Node.js what comes next in the file, also beyond what it has room for: what is not given could not be moved again. */
  async #load() {
    this.#loading = true;
    const chunks = await this.#backlog.load().catch((cause) => {
      if (!this.destroyed) this.#owner.lost(cause);
    });
    if (this.destroyed) return;
    this.#owner.loaded(chunks);
    for (const chunk of chunks) this.#push(chunk);
    this.#loading = false;
    this.#give();
  }

  #taken() {
    const { bytes, chunks } = this.#given;
    this.#given = { bytes: 0, chunks: 0 };
    if (chunks > 0) this.#owner.consumed(bytes, chunks);
  }
}

module.exports = { CryoReadable, feeder };
