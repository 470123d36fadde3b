"use strict";

// The data of a stream that is to be fetched: in memory as long as that is little, then in a temporary file without a name.

const { EVENT_COST } = require("../bridge/codes.js");
const { openNameless } = require("./temporary-file.js");

/**
 * Chunks by index. In memory there is one for each that was added; those that come once there is a file are put together to full size, so that
 * where one stands can be computed and tiny ones take no memory.
 */
class ChunkStore {
  #memory;
  #limit;
  #size;
  /** The chunks in memory; empty once there is a file. */
  #chunks = [];
  /** What those take, in bytes. */
  #held = 0;
  #file = null;
  /** All of it is in the file. */
  #spilled = false;
  #sealed = false;
  #closed = false;
  /** In the file: where each of the chunks that were in memory starts, and where they end. */
  #starts = [];
  #base = 0;
  /** In the file: its length, and what is still to be written. */
  #written = 0;
  #buffer = null;
  #buffered = 0;
  /** What was read last: a buffer of its own, because chunks may still come. */
  #lastRead = null;

  /**
   * @param {{ used: number }} memory Bytes that all stores of the session keep in memory.
   * @param {number} limit Most of these.
   * @param {number} size Bytes of a chunk at most.
   */
  constructor(memory, limit, size) {
    this.#memory = memory;
    this.#limit = limit;
    this.#size = size;
  }

  /** Bytes of all chunks. */
  byteLength = 0;

  /** How many chunks there are, without one that what is still to come may make longer. */
  get count() {
    if (!this.#spilled) return this.#chunks.length;
    const full = (this.byteLength - this.#base) / this.#size;
    return this.#starts.length + (this.#sealed ? Math.ceil(full) : Math.floor(full));
  }

  /** Bytes that are in the file. */
  get spilledBytes() {
    return this.#spilled ? this.byteLength : 0;
  }

  /**
   * Adds a chunk at the end. The caller may write to it again afterwards.
   *
   * @param {Uint8Array} chunk
   * @returns {Promise<void>}
   */
  async add(chunk) {
    if (this.#closed) return;
    const cost = chunk.length + EVENT_COST;
    if (this.#file === null && this.#memory.used + cost <= this.#limit) {
      this.#memory.used += cost;
      this.#held += cost;
      this.#chunks.push(Buffer.from(chunk));
    } else {
      if (this.#file === null) await this.#spill();
      await this.#append(chunk);
    }
    this.byteLength += chunk.length;
  }

  /** No more chunks will come. */
  async seal() {
    if (this.#file !== null) await this.#writeBuffer();
    this.#buffer = null;
    this.#sealed = true;
  }

  /**
   * @param {number} index Below `count`.
   * @returns {Promise<Uint8Array> | Uint8Array} The chunk; valid until the next call.
   */
  read(index) {
    return this.#spilled ? this.#readFile(index) : this.#chunks[index];
  }

  /** Frees everything. */
  async close() {
    this.#closed = true;
    this.#forgetMemory();
    this.#buffer = null;
    this.#lastRead = null;
    await this.#file?.close();
  }

  async #spill() {
    const file = await openNameless();
    if (this.#closed) return file.close();
    this.#file = file;
    for (const chunk of this.#chunks) {
      this.#starts.push(this.#written);
      await this.#write(chunk);
    }
    this.#base = this.#written;
    this.#spilled = true;
    this.#forgetMemory();
    this.#buffer = Buffer.allocUnsafeSlow(this.#size);
  }

  async #append(chunk) {
    for (let at = 0; at < chunk.length && !this.#closed; ) {
      const taken = Math.min(chunk.length - at, this.#size - this.#buffered);
      this.#buffer.set(chunk.subarray(at, at + taken), this.#buffered);
      this.#buffered += taken;
      at += taken;
      if (this.#buffered === this.#size) await this.#writeBuffer();
    }
  }

  async #writeBuffer() {
    if (this.#buffered === 0) return;
    await this.#write(this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }

  async #write(bytes) {
    for (let at = 0; at < bytes.length && !this.#closed; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#written);
      at += bytesWritten;
      this.#written += bytesWritten;
    }
  }

  async #readFile(index) {
    const early = this.#starts.length;
    const start = index < early ? this.#starts[index] : this.#base + (index - early) * this.#size;
    const next = index < early - 1 ? this.#starts[index + 1] : index === early - 1 ? this.#base : start + this.#size;
    const length = Math.min(next, this.byteLength) - start;
    const buffer = (this.#lastRead ??= Buffer.allocUnsafeSlow(this.#size));
    for (let at = 0; at < length && !this.#closed; ) {
      const { bytesRead } = await this.#file.read(buffer, at, length - at, start + at);
      if (bytesRead === 0) throw new Error(`The temporary file ends at ${start + at} of ${this.byteLength} bytes.`);
      at += bytesRead;
    }
    return buffer.subarray(0, length);
  }

  #forgetMemory() {
    this.#memory.used -= this.#held;
    this.#held = 0;
    this.#chunks = [];
  }
}

module.exports = { ChunkStore };
