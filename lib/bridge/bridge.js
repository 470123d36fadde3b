"use strict";

// JavaScript's side of the bridge: takes batches of events from Rust, gives batches of commands to it. One call each way
// per batch, however many messages it holds.
//
// Commands are given at any depth of the application's stack, and the stack may end at any call. So what belongs together is changed without a
// call in between: a payload that is counted without its command would be the next command's, which may be another session's.

const { isSharedArrayBuffer } = require("node:util/types");

const { AsyncContexts } = require("./async-contexts.js");
const { EVENT_WORDS, FLAG, COMMAND_WORDS } = require("./codes.js");
const { Parcels } = require("./parcels.js");
const { Payload } = require("./payload.js");
const { runTicks } = require("./ticks.js");
const { nextTick } = require("../timers.js");

/** Events taken at a time: replies to them leave together, the first ones not too late. */
const EVENTS = 1024;
/** Commands given at a time. */
const COMMANDS = 4096;
/** Bytes of payload taken or given at a time. */
const BYTES = 256 * 1024;
/** Payload size in bytes from which on copying it into the common array costs more than a call of its own. */
const LARGE = 16 * 1024;
/** Portions delivered before timers and other sockets get their turn, at most. */
const PORTIONS_PER_TURN = 16;
/** Time after which they get it earlier, in ms: a portion can be much work for the application, and more comes meanwhile. */
const LONGEST_TURN = 10;
/** Events between two looks at the clock; a power of two. */
const EVENTS_PER_LOOK = 16;

/**
 * What a bridge delivers to.
 *
 * @typedef {object} Receiver
 * @property {(code: number, slot: number, a: number, b: number, payload: Payload) => boolean} event Handles one event. True
 *   when application code may have been waiting for it, so that its continuations have to run before the next one.
 */

class Bridge {
  #native;
  /** Its functions that are called for each batch. */
  #exchange;
  #flush;
  #receiver;
  #words = new Uint32Array(EVENTS * EVENT_WORDS);
  #commands = new Uint32Array(COMMANDS * COMMAND_WORDS);
  #outgoing = Buffer.allocUnsafeSlow(BYTES);
  #payload = new Payload(this);
  #parcels = new Parcels();
  #commandCount = 0;
  #outgoingLength = 0;
  /** Of the commands that were given some may not be written yet. */
  #unwritten = false;
  /** Events of the portion that are left, where the next one stands, and where its payload does. */
  #left = 0;
  #word = 0;
  #offset = 0;
  /** When the turn has to end; none until a look at the clock is due. @type {number | null} */
  #end = null;
  /** A batch is being delivered: what is commanded meanwhile leaves at its end. */
  #delivering = false;
  /** A flush is due on the next tick. */
  #scheduled = false;
  #flushLater = () => {
    this.#scheduled = false;
    this.flush();
  };

  /** The clients' asynchronous contexts. */
  contexts = new AsyncContexts();

  /** Payloads of the portion being delivered. */
  incoming = Buffer.allocUnsafeSlow(BYTES);

  /** What Rust reads from and writes to. */
  get arrays() {
    return { commands: this.#commands, outgoing: this.#outgoing, words: this.#words, incoming: this.incoming };
  }

  /**
   * @param {any} native The `NativeServer`, which was made with the arrays.
   * @param {Receiver} receiver
   */
  attach(native, receiver) {
    this.#native = native;
    this.#exchange = native.exchange;
    this.#flush = native.flush;
    this.#receiver = receiver;
  }

  /**
   * Delivers what there is. Called by the event loop when Rust has rung.
   *
   * @param {number} [count] Events that stand in the arrays already. Only where all before are handled.
   */
  wake = (count = 0) => {
    this.#delivering = true;
    this.#end = null;
    if (count > 0) this.#begin(count);
    this.contexts.begin();
    let through = false;
    try {
      through = this.#deliverPortions();
    } finally {
      // Not through also when a nextTick callback threw. The rest comes when the application has survived it, and others had their turn.
      this.#delivering = false;
      this.contexts.end();
      if (!through) {
        // First, so that it comes whatever becomes of the commands. Not by a timer, which has an asynchronous context of its own.
        this.#native.wakeAgain();
        this.flush();
      }
    }
  };

  /** False when the event loop has to have its turn before the rest. */
  #deliverPortions() {
    for (let portion = 0; portion < PORTIONS_PER_TURN; portion++) {
      if (!this.#deliver()) return false;
      if (!this.#refill()) return true;
    }
    return false;
  }

  /** Takes the next portion, giving the commands that have come up; false when there is nothing to deliver. */
  #refill() {
    const count = this.#exchange(this.#commandCount);
    this.#commandCount = this.#outgoingLength = 0;
    this.#unwritten = count > 0;
    this.#begin(count);
    return count > 0;
  }

  /** The arrays hold the next portion. */
  #begin(count) {
    this.#left = count;
    this.#word = 0;
    this.#offset = 0;
    this.#payload.reset();
  }

  /** Delivers the portion; false when the event loop has to have its turn first. */
  #deliver() {
    const words = this.#words;
    const payload = this.#payload;
    while (this.#left > 0) {
      const at = this.#word;
      const flags = words[at + 1] >>> 8;
      payload.flags = flags;
      payload.start = this.#offset;
      payload.length = words[at + 4];
      if ((flags & FLAG.LARGE) === 0) this.#offset += payload.length;
      this.#word += EVENT_WORDS;
      this.#left--;
      const waited = this.#receiver.event(words[at + 1] & 0xff, words[at], words[at + 2], words[at + 3], payload);
      if (waited && !runTicks()) return false;
      if (this.#left % EVENTS_PER_LOOK === 0 && this.#left > 0 && this.#isLate()) return false;
    }
    return true;
  }

  #isLate() {
    const now = performance.now();
    this.#end ??= now + LONGEST_TURN;
    return now > this.#end;
  }

  /**
   * @param {number} limit
   * @param {number} kind `FLAG.LARGE` for large payloads, 0 for those in the common array.
   * @returns {number} Bytes of the payload being delivered and of those of its kind behind it in the portion, as many whole ones as fit
   *   the limit.
   */
  payloadsAhead(limit, kind) {
    const words = this.#words;
    let bytes = this.#payload.length;
    for (let at = this.#word, left = this.#left; left > 0; at += EVENT_WORDS, left--) {
      const length = ((words[at + 1] >>> 8) & FLAG.LARGE) === kind ? words[at + 4] : 0;
      if (bytes + length > limit) break;
      bytes += length;
    }
    return bytes;
  }

  /**
   * @param {number} length Bytes of the large payloads whose turn it is.
   * @returns {Buffer} These, one after the other.
   * @throws {Error} Where they can't be had. The first one, which is being delivered, is skipped then: the others still have their turn.
   */
  takeLarge(length) {
    try {
      const target = Buffer.allocUnsafeSlow(length);
      if (this.#native.takeLarge(target)) return target;
      throw new Error("it is not as long as its event says");
    } catch (error) {
      this.#native.skipLarge();
      throw error;
    }
  }

  /** Takes the payload being delivered, which is a parcel of `length` bytes. */
  takeParcel(length, flags) {
    return this.#parcels.make(this.#native.takeParcel(), length, flags);
  }

  /**
   * Gives a command without payload.
   *
   * @param {number} slot
   * @param {number} command One of `COMMAND`.
   * @param {number} [a]
   * @param {number} [b]
   */
  command(slot, command, a = 0, b = 0) {
    this.#prepare(0);
    this.#put(slot, command, a, b, 0);
  }

  /**
   * Gives a command whose payload is a text.
   *
   * @param {number} slot
   * @param {number} command
   * @param {number} a
   * @param {string} text
   * @param {number} [b]
   */
  commandText(slot, command, a, text, b = 0) {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if (text.length * 3 >= LARGE) return this.commandBytes(slot, command, a, Buffer.from(text), b);
    this.#prepare(text.length * 3);
    this.#put(slot, command, a, b, this.#outgoing.utf8Write(text, this.#outgoingLength));
  }

  /**
   * Gives a command whose payload is bytes.
   *
   * @param {number} slot
   * @param {number} command
   * @param {number} a
   * @param {Uint8Array} bytes
   * @param {number} [b]
   */
  commandBytes(slot, command, a, bytes, b = 0) {
    const { length } = bytes;
    if (length >= LARGE) {
      this.#scheduleFlush();
      // What was commanded before comes first.
      if (this.#commandCount > 0) this.#giveSome();
      // Rust must not read what another thread may write to meanwhile.
      this.#native.command(slot, command, a, b, isSharedArrayBuffer(bytes.buffer) ? Buffer.from(bytes) : bytes);
      this.#unwritten = true;
      return;
    }
    this.#prepare(length);
    this.#outgoing.set(bytes, this.#outgoingLength);
    this.#put(slot, command, a, b, length);
  }

  /** Gives what commands there are now, not with the next tick. */
  flush() {
    if (this.#commandCount === 0 && !this.#unwritten) return;
    this.#flush(this.#commandCount, false);
    this.#commandCount = this.#outgoingLength = 0;
    this.#unwritten = false;
  }

  /** Makes room for commands. What these send may leave together with what the rest of this turn does. */
  #giveSome() {
    this.#flush(this.#commandCount, true);
    this.#commandCount = this.#outgoingLength = 0;
    this.#unwritten = true;
  }

  #scheduleFlush() {
    if (this.#delivering || this.#scheduled) return;
    nextTick(this.#flushLater);
    this.#scheduled = true;
  }

  /** There is going to be a command, with up to so many bytes of payload. */
  #prepare(bytes) {
    if (this.#commandCount === COMMANDS || this.#outgoingLength + bytes > BYTES) this.#giveSome();
    this.#scheduleFlush();
  }

  /** Puts the command down whose payload has been written. */
  #put(slot, command, a, b, length) {
    const at = this.#commandCount * COMMAND_WORDS;
    const commands = this.#commands;
    commands[at] = slot;
    commands[at + 1] = command;
    commands[at + 2] = a;
    commands[at + 3] = b;
    commands[at + 4] = length;
    this.#commandCount++;
    this.#outgoingLength += length;
  }
}

module.exports = { Bridge };
