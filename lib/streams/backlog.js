"use strict";

// What has come of an incoming stream and Node.js has not got: in memory, or, where that was moved, in a temporary file and behind it in memory.

/** Forgets what is in files of streams that the application has let go of unread, once their session is over. */
const abandoned = new FinalizationRegistry((stored) => stored.drop());

const noop = () => {};

class Backlog {
  /** In memory. */
  #chunks = [];
  /** In front of these. @type {ReturnType<import("./spool.js").Spool["open"]> | null} */
  #stored = null;
  /** Has what is stored. @type {import("./spool.js").Spool | null} */
  #spool = null;
  /** Those in memory are being written. @type {Promise<void> | null} */
  #moving = null;

  /** Whether any are in memory that can be moved. */
  get isMovable() {
    return this.#chunks.length > 0 && this.#moving === null;
  }

  /** Whether the next one has to be taken out of a file. */
  get isStored() {
    return this.#stored !== null;
  }

  add(chunk) {
    this.#chunks.push(chunk);
  }

  /** The next chunk; undefined where it is not in memory, or there is none. */
  shift() {
    return this.isStored ? undefined : this.#chunks.shift();
  }

  /**
   * Moves what is in memory to a file.
   *
   * @param {import("./spool.js").Spool} spool
   * @returns {Promise<Uint8Array[]>} What was moved.
   * @throws What the system says; all is as it was then.
   */
  async move(spool) {
    if (this.#stored === null) {
      this.#stored = spool.open();
      this.#spool = spool;
      abandoned.register(this, this.#stored);
    }
    const chunks = [...this.#chunks];
    this.#moving = spool.append(this.#stored, chunks);
    try {
      await this.#moving;
      this.#chunks.splice(0, chunks.length);
    } finally {
      this.#moving = null;
      this.#leaveFile();
    }
    return chunks;
  }

  /** @returns {Promise<Buffer[]>} The next chunks out of the file; none where all of it turns out to be in memory. */
  async load() {
    if (this.#stored.isEmpty) await this.#moving.catch(noop);
    if (this.#stored === null) return [];
    const chunks = await this.#spool.take(this.#stored);
    this.#leaveFile();
    return chunks;
  }

  /** Forgets everything. */
  close() {
    this.#chunks = [];
    this.#stored?.drop();
    this.#stored = null;
  }

  /** Nothing is in front of what is in memory any more, and nothing is going to be. */
  #leaveFile() {
    if (this.#moving === null && this.#stored?.isEmpty) this.#stored = null;
  }
}

module.exports = { Backlog };
