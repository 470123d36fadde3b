"use strict";

// What a session's claimed streams keep of chunks that nobody has read, and what happens where that is so much that the socket is not read, while
// somebody waits for what stands behind it: the application may read its streams one after the other, and the peer send them at once. What
// the idle ones keep is moved to temporary files then, so that the socket is read again. Slow readers find no such way: they have data.

const { CHUNK_COST } = require("../bridge/codes.js");
const { feeder } = require("./readable.js");
const { Spool } = require("./spool.js");

/** The time between two looks, in ms. */
const LOOK = 250;
/** Looks in a row at which everything stands still, before a stream that nobody has begun to read counts as idle. */
const UNREAD = 2;
/** The same for one that was read before: its reader may be slow. */
const PAUSED = 8;
/** The same, before idle streams are given up for which there is no room. */
const STUCK = 240;
/** How many times `maxUnreadBytes` Node.js may keep of idle streams, out of reach, without their counting as unread. */
const OUT_OF_REACH = 15;

/** @typedef {import("./incoming.js").Entry} Entry */

const costOf = (chunks) => chunks.reduce((sum, { length }) => sum + length + CHUNK_COST, 0);

class Overflow {
  #context;
  #incoming;
  #spool;
  /**
   * Those that keep something, or may again. Not only the former: V8 rebuilds a set to which one adds and from which one deletes all the time, and what
   * it has replaced lives as long as what it was replaced by, until the next major collection.
   *
   * @type {Set<Entry>}
   */
  #full = new Set();
  /** What all of these keep. */
  #bytes = 0;
  /** How many there are whose readers wait. */
  #hungry = 0;
  /** Those of which Node.js keeps something that does not count. @type {Set<Entry>} */
  #settled = new Set();
  #timer = null;
  /** Anything has come or was read since the last look. */
  #moved = false;
  /** Looks in a row at which that was not so, and somebody waited. */
  #still = 0;
  #relieving = false;

  /**
   * @param {import("./context.js").StreamContext} context
   * @param {object} incoming
   * @param {() => boolean} incoming.awaited Whether somebody waits for a stream to begin.
   * @param {(entry: Entry, message: string, cause: Error | null) => void} incoming.giveUp Ends a stream.
   */
  constructor(context, incoming) {
    this.#context = context;
    this.#incoming = incoming;
    this.#spool = new Spool(context.readAhead);
  }

  /** A stream was claimed: what it keeps counts as unread from now on. */
  claimed(entry) {
    const { bytes } = entry;
    entry.bytes = 0;
    this.#hold(entry, bytes);
  }

  /** A chunk has come, which counts as unread. To be followed by `check`, once its stream has it. */
  add(entry, cost) {
    this.#count(entry, cost);
    this.fed(entry);
  }

  /** Chunks are back in memory. */
  loaded(entry, chunks) {
    entry.idle = false;
    this.#hold(entry, costOf(chunks));
  }

  /** The application has taken what a stream kept, or part of it. */
  consumed(entry, bytes) {
    this.#release(entry, bytes);
    entry.idle = false;
  }

  /** A stream's reader waits. */
  starved(entry) {
    if (!entry.hungry) this.#hungry++;
    entry.hungry = true;
    this.check();
  }

  /** It does not, or for something else. */
  fed(entry) {
    this.#sate(entry);
    this.#leave(entry);
    this.#moved = true;
  }

  /** Nobody can read it any more. */
  forget(entry) {
    this.#sate(entry);
    this.#full.delete(entry);
    this.#settled.delete(entry);
  }

  /** The session is over: nothing stands in anybody's way. */
  close() {
    this.#rest();
    this.#full.clear();
    this.#settled.clear();
  }

  /** To be called when there is more, or somebody waits. */
  check() {
    if (!this.#context.isOpen || !this.#isTooMuch()) return;
    this.#timer ??= setInterval(() => this.#look(), LOOK);
    // Where it is known already who is idle, the others need not wait for it to show again.
    if (this.#isAwaited) void this.#relieve();
  }

  #hold(entry, cost) {
    if (cost === 0) return;
    this.#context.hold(cost);
    this.#count(entry, cost);
    this.#moved = true;
    this.check();
  }

  #release(entry, cost) {
    this.#count(entry, -cost);
    this.#context.release(cost);
    this.#moved = true;
  }

  #count(entry, cost) {
    entry.bytes += cost;
    this.#bytes += cost;
    if (entry.bytes > 0) this.#full.add(entry);
    else this.#leave(entry);
  }

  /** Those that keep something. */
  #keeping() {
    return [...this.#full].filter(({ bytes }) => bytes > 0);
  }

  #leave(entry) {
    if (entry.bytes === 0 && !entry.open) this.#full.delete(entry);
  }

  #sate(entry) {
    if (entry.hungry) this.#hungry--;
    entry.hungry = false;
  }

  get #isAwaited() {
    return this.#hungry > 0 || this.#incoming.awaited();
  }

  /** Whether the socket is not read because of what streams keep. */
  #isTooMuch() {
    const { maxUnreadBytes } = this.#context.options;
    if (this.#bytes + this.#context.untold < maxUnreadBytes) return false;
    this.#context.settle();
    return this.#bytes >= maxUnreadBytes;
  }

  #rest() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.#still = 0;
  }

  #look() {
    if (!this.#context.isOpen || !this.#isTooMuch()) return this.#rest();
    this.#still = this.#moved || !this.#isAwaited ? 0 : this.#still + 1;
    this.#moved = false;
    if (this.#still === 0) return;
    for (const entry of this.#keeping()) entry.idle ||= this.#still >= (entry.readable.readableDidRead ? PAUSED : UNREAD);
    // Who waits for a stream to begin has a time-out, and what would be lost is there.
    if (this.#still >= STUCK && this.#hungry > 0) this.#giveUp();
    else void this.#relieve();
  }

  /** Moves what the idle streams keep out of the way. */
  async #relieve() {
    if (this.#relieving) return;
    this.#relieving = true;
    const idle = this.#keeping().filter((entry) => entry.idle);
    let moved = false;
    for (const entry of idle) {
      // Its reader may have come back, or all be over.
      if (!entry.idle || !this.#context.isOpen || !feeder.isMovable(entry.readable)) continue;
      if (!this.#context.mayReadAhead(this.#spool.charge)) break;
      moved = true;
      await this.#move(entry);
    }
    this.#relieving = false;
    // More may have come meanwhile.
    if (moved) this.check();
    else this.#settle(idle);
  }

  async #move(entry) {
    try {
      const chunks = await feeder.move(entry.readable, this.#spool);
      entry.obstacle = null;
      if (!entry.readable.destroyed) this.#release(entry, costOf(chunks));
    } catch (error) {
      entry.obstacle = error;
      // Not before the next look.
      entry.idle = false;
    }
  }

  /**
   * Lets what Node.js keeps of idle streams count as read, since it can't be had back: as long as there is room. The last one may exceed it, as a chunk
   * may be longer than all of it.
   */
  #settle(idle) {
    let room = OUT_OF_REACH * this.#context.options.maxUnreadBytes;
    for (const { readable } of this.#settled) room -= readable.readableLength - feeder.counted(readable);
    for (const entry of idle) {
      const more = feeder.counted(entry.readable);
      if (more === 0 || room <= 0) continue;
      room -= more;
      this.#settled.add(entry);
      feeder.settle(entry.readable);
      entry.idle = true;
    }
  }

  /** Ends streams, all of which are idle by now, until the socket is read again: those that keep most first. */
  #giveUp() {
    for (const entry of this.#keeping().sort((a, b) => b.bytes - a.bytes)) {
      if (!this.#isTooMuch()) return;
      this.#incoming.giveUp(entry, this.#reason(entry), entry.obstacle);
    }
  }

  #reason({ shown, obstacle }) {
    if (obstacle !== null) return `The temporary file of the stream '${shown}' can't be written: ${obstacle.message}`;
    return (
      `The stream '${shown}' is not read, and data that others wait for is behind it; temporary files may hold no more of it. ` +
      `Read streams that arrive together concurrently.`
    );
  }
}

module.exports = { Overflow };
