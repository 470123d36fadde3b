"use strict";

// An outgoing stream of which the peer fetches what it wants: the whole source first, then chunks as they are asked for.

const { EVENT_COST } = require("../bridge/codes.js");
const { CryoError, codes } = require("../errors.js");
const { chunksOf } = require("./chunks.js");
const { shownName } = require("./name.js");
const { ChunkStore } = require("./store.js");
const { Transmission } = require("./transmission.js");

/** The largest size that TX_START can announce. */
const MAX_BYTE_LENGTH = 2 ** 31 - 1;
/** What a report of the file's failure names. */
const STORE = "temporary file of a stream";

class Pull extends Transmission {
  #store;
  /** Ranges that were asked for and not served yet. */
  #ranges = [];
  #serving = false;
  /** The last chunk was served: TX_FINISH is due. */
  #complete = false;
  #finishSent = false;
  #finishAcknowledged = false;

  constructor(shared, txId, name, source) {
    super(shared, txId, name, source);
    const { maxStreamBytes, streamChunkBytes } = shared.context.options;
    this.#store = new ChunkStore(shared.memory, maxStreamBytes - shared.window.size, streamChunkBytes);
  }

  /** Takes the source in, then offers it. Settles what `promise` is, never itself. */
  async run() {
    try {
      await this.#fill();
      if (this.over) return;
      const { byteLength, count } = this.#store;
      const started = await this.start(byteLength > MAX_BYTE_LENGTH ? -1 : byteLength);
      // There is nothing that the peer could ask for.
      if (started && count === 0) this.#complete = true;
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
    this.shared.context.release(this.#ranges.length * EVENT_COST);
    this.#ranges = [];
    this.#store.close().catch((cause) => this.shared.context.report(cause, STORE));
  }

  async #fill() {
    const size = this.shared.context.options.streamChunkBytes;
    for (let piece = await this.#next(); piece !== null; piece = await this.#next()) {
      for (const chunk of chunksOf(piece, size)) await this.#store.add(chunk);
    }
    if (!this.over) await this.#store.seal();
  }

  /** The source's next piece; null at its end, and at the stream's. */
  async #next() {
    if (this.over) return null;
    try {
      return await this.source.next();
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  #storeFailed(cause) {
    const message = `The temporary file of the stream '${shownName(this.name)}' can't be written or read: ${cause.message}`;
    this.abort(new CryoError(codes.STREAM_STORAGE, message, { cause }), STORE);
  }

  /** Serves what was asked for, one range after the other. */
  async #serve() {
    if (this.#serving) return;
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
    else if (this.#complete && !this.#finishSent) {
      this.#finishSent = true;
      this.finish();
    }
  }

  /** @returns {Promise<boolean>} False when the stream is over. */
  async #serveRange({ start, end }) {
    const { count } = this.#store;
    for (let index = start; index < Math.min(end, count); index++) {
      const bytes = await this.#store.read(index);
      if (!(await this.chunk(index, bytes))) return false;
    }
    if (start < end && end >= count) this.#complete = true;
    return !this.over;
  }
}

module.exports = { Pull };
