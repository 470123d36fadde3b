"use strict";

// The streams that a session's peer sends: those that are open, and those that wait to be claimed.

const { CHUNK_COST, COMMAND } = require("../bridge/codes.js");
const { CryoError, codes } = require("../errors.js");
const { costOfName, shownName } = require("./name.js");
const { Overflow } = require("./overflow.js");
const { CryoReadable, feeder } = require("./readable.js");
const { Waiters } = require("./waiters.js");

/**
 * A stream that is open, or not yet claimed, or both.
 *
 * @typedef {object} Entry
 * @property {number} txId
 * @property {number} before How many streams the peer had begun before it. The peer may use the number again while Rust knows more than we do.
 * @property {number} byteLength
 * @property {string} name Empty once nobody can claim it any more: it may be megabytes.
 * @property {string} shown What messages show of the name.
 * @property {number} nameBytes What keeping the name costs while it can be claimed.
 * @property {CryoReadable | null} readable
 * @property {boolean} open The peer has neither finished nor cancelled it, nor have we.
 * @property {boolean} claimed The application has it.
 * @property {boolean} muted Too much for a stream that nobody claimed, but somebody listens for its chunks: it goes on without being kept.
 * @property {number} bytes What it keeps in memory of chunks that nobody has read, with CHUNK_COST for each.
 * @property {boolean} hungry Its reader waits; as {@link Overflow} has it.
 * @property {boolean} idle Nobody reads it, although others wait for what comes behind it; as {@link Overflow} has it.
 * @property {Error | null} obstacle Why it can't be moved to a file, if that was tried and failed last.
 */

/** Open streams that a session has at most, those among them that the application has claimed. */
const MOST_OPEN = 4096;

const isOpen = (entry) => entry.open;
const holdsBytes = (entry) => entry.bytes + entry.nameBytes > 0;

class Incoming {
  #context;
  #waiters = new Waiters();
  /** What claimed streams keep. */
  #overflow;
  /** Those that are not claimed, in order of arrival: the others may be many, and would have to be passed over each time. */
  #unclaimed = new Set();
  /** The open ones, by number, in order of arrival. */
  #open = new Map();
  /** Those that are complete and not claimed, in the order in which they were finished. */
  #complete = new Set();
  /** What was made of all of them. @type {WeakSet<CryoReadable>} */
  #readables = new WeakSet();
  /** How many the peer has begun. */
  #begun = 0;
  /** What unclaimed streams keep, in bytes, names included: these are not counted as unread, because nobody reads them. */
  #unclaimedBytes = 0;
  /** Makes the error that says why no stream will come, once none will. @type {(() => Error) | null} */
  #refusal = null;

  /** @param {import("./context.js").StreamContext} context */
  constructor(context) {
    this.#context = context;
    this.#overflow = new Overflow(context, {
      awaited: () => !this.#waiters.isEmpty,
      giveUp: (entry, message, cause) => this.#lose(entry, message, cause),
    });
  }

  /**
   * Claims the oldest unclaimed stream of a name, or waits for one.
   *
   * @param {string} name
   * @param {number} timeout In ms.
   * @returns {Promise<CryoReadable>}
   */
  claim(name, timeout) {
    for (const entry of this.#unclaimed) {
      if (entry.muted || entry.name !== name) continue;
      this.#claimed(entry);
      return Promise.resolve(this.#readable(entry));
    }
    return this.#refusal === null ? this.#waiters.add(name, timeout) : Promise.reject(this.#refusal());
  }

  /** Whether the peer has an open stream of that number. */
  has(txId) {
    return this.#open.has(txId);
  }

  /** Whether a readable is of this session, and its number no other's. @param {CryoReadable} readable */
  isCurrent(readable) {
    const entry = this.#open.get(readable.txId);
    return this.#readables.has(readable) && (entry === undefined || entry.readable === readable);
  }

  /** The peer begins a stream. */
  start(txId, byteLength, name) {
    const former = this.#open.get(txId);
    if (former !== undefined) this.#fail(former, codes.STREAM_PREMATURE_CLOSE, "The peer began another stream of the same number.");
    const entry = this.#enter(txId, byteLength, name);
    // Before a listener can claim it: those who wait already were there first.
    const give = this.#waiters.take(name);
    if (give !== null) {
      this.#claimed(entry);
      give(this.#readable(entry));
    }
    this.#context.emit("tx-start", txId, name);
    this.#keepCaps();
    if (entry.open && this.#open.size > this.#mostOpen) this.#lose(entry, this.#tooMany(entry), null);
  }

  /** A piece of a stream. Its bytes count as unread in Rust, until they are released here. */
  chunk(txId, chunk) {
    const entry = this.#open.get(txId);
    const { length } = chunk;
    const cost = length + CHUNK_COST;
    if (this.#context.isHeard("tx-chunk")) this.#context.emit("tx-chunk", txId, chunk);
    // A listener may have claimed the stream meanwhile, or ended it, or transferred the chunk's memory to another thread.
    if (entry === undefined || !entry.open || entry.muted || chunk.length === 0) {
      this.#context.release(cost);
      if (length > 0 && chunk.length === 0 && entry?.open) this.#miss(entry);
      return;
    }
    if (entry.claimed) this.#overflow.add(entry, cost);
    else {
      entry.bytes += cost;
      this.#unclaimedBytes += cost;
      this.#context.release(cost);
    }
    feeder.chunk(this.#readable(entry), chunk);
    if (entry.claimed) this.#overflow.check();
    else this.#keepCaps();
  }

  /** A stream is complete. */
  finish(txId) {
    const entry = this.#open.get(txId);
    this.#context.emit("tx-finish", txId);
    if (entry === undefined || !entry.open) return;
    this.#close(entry);
    this.#overflow.fed(entry);
    feeder.finish(this.#readable(entry));
    if (entry.claimed || entry.muted) return;
    this.#complete.add(entry);
    this.#keepCaps();
  }

  /** The peer gives a stream up. */
  cancel(txId) {
    const entry = this.#open.get(txId);
    if (entry !== undefined) this.#fail(entry, codes.STREAM_CANCELLED, "The peer cancelled the stream.");
  }

  /** No stream will come. @param {() => Error} makeError */
  refuse(makeError) {
    this.#refusal = makeError;
    this.#waiters.rejectAll(makeError);
  }

  /** The session is over. What is complete can still be read, and claimed. */
  sessionClosed() {
    this.refuse(() => new CryoError(codes.SESSION_CLOSED, "The session ended before a stream of this name came."));
    for (const entry of [...this.#open.values()]) {
      this.#fail(entry, codes.STREAM_PREMATURE_CLOSE, "The session ended before the stream was complete.");
    }
    this.#overflow.close();
  }

  #enter(txId, byteLength, name) {
    const nameBytes = costOfName(name);
    const before = this.#begun;
    this.#begun = (before + 1) >>> 0;
    const state = { open: true, claimed: false, muted: false, bytes: 0, hungry: false, idle: false, obstacle: null };
    const entry = { txId, before, byteLength, name, shown: shownName(name), nameBytes, readable: null, ...state };
    this.#unclaimedBytes += nameBytes;
    this.#unclaimed.add(entry);
    this.#open.set(txId, entry);
    return entry;
  }

  /** What the application reads it from: made when there is something to read, or somebody who wants to. */
  #readable(entry) {
    if (entry.readable !== null) return entry.readable;
    entry.readable = new CryoReadable(entry.txId, entry.byteLength, {
      consumed: (length, chunks) => this.#consumed(entry, length + chunks * CHUNK_COST),
      loaded: (chunks) => this.#overflow.loaded(entry, chunks),
      starved: () => this.#overflow.starved(entry),
      missing: () => this.#miss(entry),
      lost: (cause) => this.#lose(entry, `The temporary file of the stream '${entry.shown}' can't be read: ${cause.message}`, cause),
      destroyed: () => this.#destroyed(entry),
      failed: (error, event) => {
        const stream = `incoming stream '${entry.shown}'`;
        this.#context.report(error, event === null ? stream : `listener of '${event}' on ${stream}`);
      },
    });
    this.#readables.add(entry.readable);
    return entry.readable;
  }

  #claimed(entry) {
    entry.claimed = true;
    this.#forgetName(entry);
    this.#unclaimedBytes -= entry.bytes;
    this.#overflow.claimed(entry);
    this.#remove(entry);
  }

  #consumed(entry, bytes) {
    if (entry.claimed) return this.#overflow.consumed(entry, bytes);
    entry.bytes -= bytes;
    this.#unclaimedBytes -= bytes;
  }

  /** The peer says no more about it. */
  #close(entry) {
    entry.open = false;
    if (this.#open.get(entry.txId) === entry) this.#open.delete(entry.txId);
    if (entry.muted) this.#unclaimed.delete(entry);
  }

  /** Whatever the reason, nobody can read it any more. */
  #destroyed(entry) {
    this.#consumed(entry, entry.bytes);
    this.#overflow.forget(entry);
    this.#forgetName(entry);
    if (entry.muted) return;
    this.#remove(entry);
    if (!entry.open) return;
    this.#close(entry);
    this.#tellCancelled(entry);
  }

  #fail(entry, code, message) {
    this.#close(entry);
    // Where nobody has it, nobody has to hear of its end.
    if (entry.claimed) entry.readable.destroy(new CryoError(code, message));
    else this.#discard(entry);
  }

  /** A chunk is gone before it was read: nobody is to read on behind it. */
  #miss(entry) {
    if (!entry.claimed) return this.#mute(entry);
    const why = "a listener of 'tx-chunk' has transferred its memory. Transfer a copy, or let nobody read the stream.";
    this.#lose(entry, `A chunk of the stream '${entry.shown}' is gone: ${why}`, null);
  }

  /** What it keeps can't be kept any longer, or not be had any more. */
  #lose(entry, message, cause) {
    entry.readable.destroy(new CryoError(codes.STREAM_STORAGE, message, cause && { cause }));
  }

  get #mostOpen() {
    return Math.max(MOST_OPEN, this.#context.options.maxIncomingStreams);
  }

  #tooMany({ shown }) {
    return `The stream '${shown}' can't be had: ${this.#mostOpen} of its session are open already. Raise maxIncomingStreams where so many are to be.`;
  }

  #keepCaps() {
    const { maxIncomingStreams, maxUnclaimedStreamBytes } = this.#context.options;
    while (this.#open.size > maxIncomingStreams) {
      // Streams that the application has claimed are its own choice, within reason.
      const oldest = first(this.#unclaimed, isOpen);
      if (oldest === null) break;
      this.#cancel(oldest);
    }
    // Not counted with the open ones, which would be cancelled for what an application that listens for events leaves behind.
    if (this.#complete.size > maxIncomingStreams) this.#discard(this.#complete.values().next().value);
    while (this.#unclaimedBytes > maxUnclaimedStreamBytes) {
      const complete = first(this.#complete, holdsBytes);
      const oldest = complete ?? first(this.#unclaimed, (entry) => isOpen(entry) && holdsBytes(entry));
      if (oldest === null) return;
      // Of one that is complete its sender hears nothing: it has sent all of it, and may use the number again.
      if (!oldest.open) this.#discard(oldest);
      else if (this.#context.listens("tx-chunk")) this.#mute(oldest);
      else this.#cancel(oldest);
    }
  }

  /** Gives up one that is open and that nobody has claimed. */
  #cancel(entry) {
    this.#close(entry);
    this.#discard(entry);
    this.#tellCancelled(entry);
  }

  #mute(entry) {
    entry.muted = true;
    this.#forgetName(entry);
    entry.readable?.destroy();
  }

  /** Forgets a stream that nobody has claimed. */
  #discard(entry) {
    this.#remove(entry);
    this.#forgetName(entry);
    entry.readable?.destroy();
  }

  #remove(entry) {
    this.#unclaimed.delete(entry);
    this.#complete.delete(entry);
  }

  /** Nobody can claim it any more. */
  #forgetName(entry) {
    this.#unclaimedBytes -= entry.nameBytes;
    entry.nameBytes = 0;
    entry.name = "";
  }

  #tellCancelled({ txId, before }) {
    this.#context.command(COMMAND.TxRefuse, txId, before);
  }
}

/** The first entry of those that matches; null where there is none. */
function first(entries, matches) {
  for (const entry of entries) if (matches(entry)) return entry;
  return null;
}

module.exports = { Incoming };
