"use strict";

// An outgoing stream of which the peer fetches what it wants. TX_START tells how long it is, so the source is read to its end first; one
// that goes on for too long is offered without its length, and read on as its chunks are asked for.

const { EVENT_COST } = require("../bridge/codes.js");
const { CryoError, codes } = require("../errors.js");
const { setImmediate } = require("../timers.js");
const { chunksOf } = require("./chunks.js");
const { ChunkStore } = require("./store.js");
const { Transmission } = require("./transmission.js");

/** The largest size that TX_START can announce. */
const MAX_BYTE_LENGTH = 2 ** 31 - 1;
/** How far beyond the chunk that is being served the source of a stream without a length is read, in bytes. */
const LEAD = 1024 * 1024;
/** Chunks in a row after which others have their turn: keeping one in memory takes no time off the event loop. */
const PATIENCE = 256;
/** What a report of the file's failure names. */
const STORE = "temporary file of a stream";

class Pull extends Transmission {
  #store;
  /** Chunks of the piece that the source gave last. */
  #chunks = [][Symbol.iterator]();
  /** What of the server's read-ahead is this stream's. */
  #readAhead = 0;
  #filling = false;
  #offered = false;
  /** Once it is offered: how many chunks the range at work needs, and how many were served or there before. */
  #wanted = 0;
  #passed = 0;
  /** The source has ended. */
  #sealed = false;
  /** Goes on with serving, where that waits for the source. */
  #wake = () => {};
  /** Ranges that were asked for and not served yet. */
  #ranges = [];
  #serving = false;
  /** The index after the furthest chunk that was served; -1 before the first. */
  #reached = -1;
  #finishSent = false;
  #finishAcknowledged = false;

  constructor(shared, txId, name, source) {
    super(shared, txId, name, source);
    const { maxStreamBytes, streamChunkBytes } = shared.context.options;
    this.#store = new ChunkStore(shared.memory, maxStreamBytes - shared.window.size, streamChunkBytes);
  }

  /** Takes the source in, then offers it. Settles what `promise` is, never itself. */
  async run() {
    await this.#fill();
    if (this.over) return;
    const { byteLength, count } = this.#store;
    this.#offered = true;
    this.#passed = count;
    try {
      const started = await this.start(this.#sealed && byteLength <= MAX_BYTE_LENGTH ? byteLength : -1);
      // Without any chunks there is nothing that the peer could ask for.
      if (started) this.#reached = Math.max(this.#reached, 0);
      await this.#serve();
    } catch (error) {
      this.#storeFailed(error);
    }
  }

  /** The peer asks for chunks. The request counts as unread until it is served: who asks for too much is not read. */
  fetch(start, end) {
    this.#ranges.push({ start, end });
    void this.#serve();
    return true;
  }

  finished() {
    this.#finishAcknowledged = true;
    if (!this.#serving) this.end(null);
  }

  end(error) {
    if (this.over) return;
    super.end(error);
    const { context } = this.shared;
    context.release(this.#ranges.length * EVENT_COST);
    this.#ranges = [];
    context.readAhead.used -= this.#readAhead;
    this.#store.close().catch((cause) => context.report(cause, STORE));
    this.#wake();
  }

  /** Takes in as much of the source as is wanted now. */
  async #fill() {
    if (this.#filling) return;
    this.#filling = true;
    try {
      for (let taken = 1; !this.over && !this.#sealed && this.#wantsMore(); taken++) {
        await this.#take();
        if (taken % PATIENCE === 0) await new Promise(setImmediate);
      }
    } catch (error) {
      this.#storeFailed(error);
    }
    this.#filling = false;
    this.#finishIfServed();
  }

  #wantsMore() {
    if (!this.#offered) return this.#store.byteLength <= MAX_BYTE_LENGTH && this.#mayReadAhead;
    const { count } = this.#store;
    if (count >= this.#wanted + this.#lead) return false;
    if (!this.#isAhead || this.#mayReadAhead) return true;
    // A peer that asks for what is far ahead must not have all that lies between written, as fast as the disk takes it.
    if (count < this.#wanted) this.#failStorage(this.#tooFar());
    return false;
  }

  /** Whether more may be kept that nobody has asked for. */
  get #mayReadAhead() {
    return this.shared.context.mayReadAhead(this.#readAhead);
  }

  /** Whether the next chunk is one that nobody has asked for. */
  get #isAhead() {
    return this.#store.count > this.#passed + this.#lead;
  }

  /** How many chunks the source is read beyond the one that is being served. */
  get #lead() {
    return Math.ceil(LEAD / this.shared.context.options.streamChunkBytes);
  }

  /** Takes in one chunk. */
  async #take() {
    const ahead = this.#isAhead;
    const chunk = await this.#next();
    if (this.over) return;
    if (chunk !== null) await this.#store.add(chunk);
    else {
      await this.#store.seal();
      this.#sealed = true;
    }
    if (this.over) return;
    if (!this.#offered) this.#countAhead(this.#store.spilledBytes - this.#readAhead);
    else if (ahead && chunk !== null) this.#countAhead(chunk.length);
    this.#wake();
  }

  #countAhead(bytes) {
    this.#readAhead += bytes;
    this.shared.context.readAhead.used += bytes;
  }

  /** The source's next chunk; null at its end, and at the stream's. */
  async #next() {
    try {
      for (;;) {
        const { done, value } = this.#chunks.next();
        if (!done) return value;
        const piece = await this.source.next();
        if (piece === null || this.over) return null;
        this.#chunks = chunksOf(piece, this.shared.context.options.streamChunkBytes)[Symbol.iterator]();
      }
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  #storeFailed(cause) {
    this.#failStorage(`The temporary file of the stream '${this.shown}' can't be written or read: ${cause.message}`, { cause });
  }

  #tooFar() {
    return (
      `The peer asks for chunk ${this.#wanted - 1} of the stream '${this.shown}', of which ${this.#store.count} were read: ` +
      `what lies between is more than may be kept unasked. Let the peer fetch the chunks in order.`
    );
  }

  #failStorage(message, options) {
    this.abort(new CryoError(codes.STREAM_STORAGE, message, options), STORE);
  }

  /** Serves what was asked for, one range after the other. */
  async #serve() {
    if (this.#serving || !this.#offered) return;
    this.#serving = true;
    try {
      while (this.#ranges.length > 0 && (await this.#serveRange(this.#ranges[0]))) {
        this.#ranges.shift();
        this.shared.context.release(EVENT_COST);
      }
    } catch (error) {
      this.#storeFailed(error);
    }
    this.#serving = false;
    if (this.#finishAcknowledged) this.end(null);
    else this.#finishIfServed();
  }

  /** @returns {Promise<boolean>} False when the stream is over. */
  async #serveRange({ start, end }) {
    let index = start;
    for (; index < end && (await this.#has(index)); index++) {
      const bytes = await this.#store.read(index);
      this.#passed = Math.max(this.#passed, index + 1);
      if (!(await this.chunk(index, bytes))) return false;
    }
    // Not `end`: a request for what is beyond the last chunk must not end a stream whose last chunk may still be asked for.
    if (index > start) this.#reached = Math.max(this.#reached, index);
    return !this.over;
  }

  /** Whether there is a chunk of that index, once it is known. */
  async #has(index) {
    this.#wanted = index + 1;
    void this.#fill();
    while (index >= this.#store.count && !this.#sealed && !this.over) await new Promise((resolve) => (this.#wake = resolve));
    return index < this.#store.count && !this.over;
  }

  /** TX_FINISH follows the last chunk, the first time that it is served. */
  #finishIfServed() {
    if (this.#serving || this.#finishSent || !this.#sealed || this.#reached < this.#store.count) return;
    this.#finishSent = true;
    this.finish();
  }
}

module.exports = { Pull };
