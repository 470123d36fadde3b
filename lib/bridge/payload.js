"use strict";

// The payload of the event being delivered: read from the common array only when asked for, and as what is asked for.

const { markAsUntransferable } = require("node:worker_threads");

const { FLAG } = require("./codes.js");
const { KeptPayload } = require("./kept-payload.js");
const { lost } = require("./lost.js");

/** Bytes of small payloads that share their memory, as Node's own small Buffers do. */
const POOL = 8 * 1024;
/** Bytes ahead below which they don't: one copy each is cheaper then. */
const POOL_FROM = 1024;
/** The same for large payloads, of which a few share their memory. */
const LARGE_POOL = 64 * 1024;

class Payload {
  #bridge;
  /** A copy of the common array from `#pooledFrom` to `#pooledTo`, which Buffers of this portion are made of. */
  #pool = null;
  #pooledFrom = 0;
  #pooledTo = 0;
  /** Large payloads of this portion that were taken ahead, and where the next one stands. */
  #large = null;
  #largeAt = 0;

  flags = 0;
  start = 0;
  length = 0;

  /** @param {import("./bridge.js").Bridge} bridge */
  constructor(bridge) {
    this.#bridge = bridge;
  }

  /** The common array holds other payloads from now on. */
  reset() {
    this.#pool = null;
    this.#pooledTo = 0;
    this.#large = null;
  }

  /**
   * @returns {Buffer} A copy that the application may keep: the array itself is written again with the next batch.
   * @throws {import("../errors.js").CryoError} `ERR_CRYO_PAYLOAD_LOST`. The payloads behind it can still be had.
   */
  buffer() {
    const { start, length } = this;
    const end = start + length;
    try {
      if ((this.flags & FLAG.LARGE) !== 0) return this.#takeLarge();
      if ((this.#pool === null || end > this.#pooledTo) && !this.#refill()) {
        const copy = Buffer.allocUnsafe(length);
        this.#bridge.incoming.copy(copy, 0, start, end);
        return copy;
      }
      return this.#pool.subarray(start - this.#pooledFrom, end - this.#pooledFrom);
    } catch (cause) {
      throw lost(length, cause);
    }
  }

  /**
   * @returns {Buffer} The same, for what waits here: it shares its memory with nothing, so that no more is kept than is counted.
   * @throws {import("../errors.js").CryoError} As `buffer`.
   */
  own() {
    const { start, length } = this;
    const isLarge = (this.flags & FLAG.LARGE) !== 0;
    try {
      if (isLarge && this.#large === null) return this.#bridge.takeLarge(length);
      // Also where memory fails: what comes behind it in a block that was taken ahead stands where it stands.
      const shared = isLarge ? this.#takeLarge() : null;
      const own = Buffer.allocUnsafeSlow(length);
      if (shared === null) this.#bridge.incoming.copy(own, 0, start, start + length);
      else shared.copy(own);
      return own;
    } catch (cause) {
      throw lost(this.length, cause);
    }
  }

  /**
   * @returns {string} The payload as text; what is no UTF-8 in it is replaced by U+FFFD.
   * @throws {import("../errors.js").CryoError} As `buffer`.
   */
  text() {
    if ((this.flags & FLAG.LARGE) !== 0) return this.kept().text();
    const end = this.start + this.length;
    try {
      return (this.flags & FLAG.ASCII) !== 0
        ? this.#bridge.incoming.latin1Slice(this.start, end)
        : this.#bridge.incoming.utf8Slice(this.start, end);
    } catch (cause) {
      throw lost(this.length, cause);
    }
  }

  /**
   * @returns {KeptPayload} The same, for when the batch is over.
   * @throws {import("../errors.js").CryoError} As `own`.
   */
  kept() {
    return new KeptPayload(this.own(), this.flags);
  }

  /** Whether it can't be read here, but has to be gathered. */
  get isParcel() {
    return (this.flags & FLAG.PARCEL) !== 0;
  }

  /** @returns {ReturnType<import("./parcels.js").Parcels["make"]>} */
  parcel() {
    return this.#bridge.takeParcel(this.length, this.flags);
  }

  /** @returns {string} The bytes from `from` to `to` as text. */
  slice(from, to) {
    return this.#bridge.incoming.utf8Slice(this.start + from, this.start + to);
  }

  /** @returns {number} The `index`th double. */
  double(index) {
    return this.#bridge.incoming.readDoubleLE(this.start + index * 8);
  }

  /** @returns {bigint} The 64-bit integer at `at`. */
  u64(at) {
    return this.#bridge.incoming.readBigUInt64LE(this.start + at);
  }

  /** @returns {number} The 32-bit integer at `at`. */
  u32(at) {
    return this.#bridge.incoming.readUInt32LE(this.start + at);
  }

  /** Takes this large payload, and those behind it that may share its memory. */
  #takeLarge() {
    const { length } = this;
    if (this.#large === null) {
      const ahead = this.#bridge.payloadsAhead(LARGE_POOL, FLAG.LARGE);
      const taken = this.#bridge.takeLarge(ahead);
      if (ahead === length) return taken;
      // An application that transfers one payload's memory must not take the others with it. Node.js marks its own pool like this.
      markAsUntransferable(taken.buffer);
      this.#large = taken;
      this.#largeAt = 0;
    }
    const payload = this.#large.subarray(this.#largeAt, this.#largeAt + length);
    this.#largeAt += length;
    if (this.#largeAt === this.#large.length) this.#large = null;
    return payload;
  }

  /** Copies this payload and those behind it at once; false where a copy of this one alone is cheaper. */
  #refill() {
    const ahead = this.#bridge.payloadsAhead(POOL, 0);
    if (ahead < POOL_FROM || ahead < this.length * 2) return false;
    this.#pool = Buffer.allocUnsafeSlow(ahead);
    markAsUntransferable(this.#pool.buffer);
    this.#bridge.incoming.copy(this.#pool, 0, this.start, this.start + ahead);
    this.#pooledFrom = this.start;
    this.#pooledTo = this.start + ahead;
    return true;
  }
}

module.exports = { Payload };
