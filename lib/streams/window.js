"use strict";

// How far one session's outgoing streams may run ahead of its socket. Small, so that sources are read no faster than the
// peer reads, and a message sent meanwhile has few chunks before it.

const { COMMAND } = require("../bridge/codes.js");

/** Bytes of chunks, of all streams together, that may wait for the socket. */
const SIZE = 256 * 1024;
/** What a chunk takes of that at least: tiny ones cost more time and memory than their bytes. */
const LEAST = 256;

class Window {
  #context;
  #size;
  /** Bytes of chunks that, as far as is known here, wait for the socket. */
  #used = 0;
  /** Rust was asked to tell when there is room. */
  #asked = false;
  /** Streams that wait for room, one chunk each: their turns come round in order. @type {Map<object, { cost: number, resolve: (room: boolean) => void }>} */
  #queue = new Map();

  /** @param {import("./context.js").StreamContext} context */
  constructor(context) {
    this.#context = context;
    const { maxStreamBytes, streamChunkBytes } = context.options;
    this.#size = Math.min(Math.max(SIZE, 2 * streamChunkBytes), maxStreamBytes);
  }

  /** Bytes that the window may take of `maxStreamBytes`. */
  get size() {
    return this.#size;
  }

  /**
   * Takes room for a chunk, if there is any and nobody waits for it.
   *
   * @param {number} bytes
   * @returns {boolean} False where the caller has to {@link wait}.
   */
  take(bytes) {
    const cost = Math.max(bytes, LEAST);
    if (this.#asked || !this.#fits(cost)) return false;
    // Once begun, the window is filled: only then is it worth the wake-up that brings the next room.
    if (this.#used === 0 && !this.#context.timeSlice.isLeft()) return false;
    this.#used += cost;
    return true;
  }

  /**
   * Waits for room, behind all who wait already, and takes it.
   *
   * @param {object} owner Who waits, for one chunk at a time.
   * @param {number} bytes
   * @returns {Promise<boolean>} False when it was abandoned.
   */
  wait(owner, bytes) {
    return new Promise((resolve) => {
      this.#queue.set(owner, { cost: Math.max(bytes, LEAST), resolve });
      this.#ask();
    });
  }

  /** Ends the wait of an owner, if it waits. */
  abandon(owner) {
    this.#queue.get(owner)?.resolve(false);
    this.#queue.delete(owner);
  }

  /** No more than `left` bytes of chunks wait for the socket. */
  room(left) {
    const { timeSlice } = this.#context;
    if (timeSlice.isLeft()) this.#use(left);
    else timeSlice.later(() => this.#use(left));
  }

  #use(left) {
    this.#asked = false;
    this.#used = left;
    for (const [owner, { cost, resolve }] of this.#queue) {
      if (!this.#fits(cost)) break;
      this.#queue.delete(owner);
      this.#used += cost;
      resolve(true);
    }
    if (this.#queue.size > 0) this.#ask();
  }

  #fits(cost) {
    // A chunk larger than the window goes alone.
    return this.#used === 0 || this.#used + cost <= this.#size;
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    const [{ cost }] = this.#queue.values();
    // With a quarter left the socket does not run dry before the next chunks come.
    const most = Math.min(this.#size >>> 2, Math.max(0, this.#size - cost));
    this.#context.command(COMMAND.TxRoom, most);
  }
}

module.exports = { Window };
