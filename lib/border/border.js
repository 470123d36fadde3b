"use strict";

// JavaScript's side of the border: takes batches of events from Rust, gives batches of orders to it. One call each way
// per batch, however many messages it holds.

const { EVENT_WORDS, FLAG, ORDER_WORDS } = require("./codes.js");
const { Payload } = require("./payload.js");
const { runTicks } = require("./ticks.js");

/** Events taken at a time: replies to them leave together, the first ones not too late. */
const EVENTS = 1024;
/** Orders given at a time. */
const ORDERS = 4096;
/** Bytes of payload taken or given at a time. */
const BYTES = 256 * 1024;
/** Payload size in bytes from which on copying it into the common array costs more than a call of its own. */
const LARGE = 16 * 1024;
/** Portions delivered before timers and other sockets get their turn. */
const PORTIONS_PER_TURN = 16;

/**
 * What a border delivers to.
 *
 * @typedef {object} Receiver
 * @property {(code: number, slot: number, a: number, b: number, payload: Payload) => boolean} event Handles one event. True
 *   when application code may have been waiting for it, so that its continuations have to run before the next one.
 */

class Border {
  #native;
  #receiver;
  #words = new Uint32Array(EVENTS * EVENT_WORDS);
  #orders = new Uint32Array(ORDERS * ORDER_WORDS);
  #outgoing = Buffer.allocUnsafeSlow(BYTES);
  #payload = new Payload(this);
  #orderCount = 0;
  #outgoingLength = 0;
  /** Orders were given since the last flush that are not written yet. */
  #unwritten = false;
  /** Events of the portion that are left, where the next one stands, and where its payload does. */
  #left = 0;
  #word = 0;
  #offset = 0;
  /** A batch is being delivered: what is ordered meanwhile leaves at its end. */
  #delivering = false;
  /** A flush is due on the next tick. */
  #scheduled = false;
  #flushLater = () => {
    this.#scheduled = false;
    this.flush();
  };

  /** Payloads of the portion being delivered. */
  incoming = Buffer.allocUnsafeSlow(BYTES);

  /**
   * @param {any} native The `NativeServer`.
   * @param {Receiver} receiver
   */
  attach(native, receiver) {
    this.#native = native;
    this.#receiver = receiver;
  }

  /** Delivers what there is. Called by the event loop when Rust has rung. */
  wake = () => {
    this.#delivering = true;
    try {
      for (let portion = 0; portion < PORTIONS_PER_TURN; portion++) {
        if (!this.#deliver() || !this.#refill()) return;
      }
      setImmediate(this.wake);
    } catch (error) {
      // Of a nextTick callback. The rest of the batch comes when the application has survived it.
      setImmediate(this.wake);
      throw error;
    } finally {
      this.#delivering = false;
    }
  };

  /** Takes the next portion, giving the orders that have come up; false when there is nothing to deliver. */
  #refill() {
    this.#left = this.#native.exchange(this.#orders, this.#orderCount, this.#outgoing, this.#words, this.incoming);
    this.#given();
    this.#word = 0;
    this.#offset = 0;
    this.#payload.reset();
    return this.#left > 0;
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
      if (waited && !runTicks()) {
        setImmediate(this.wake);
        return false;
      }
    }
    return true;
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

  /** @param {Buffer} target Gets the large payloads whose turn it is; it is as long as all of them. */
  takeLarge(target) {
    this.#native.takeLarge(target);
  }

  /**
   * Gives an order without payload.
   *
   * @param {number} slot
   * @param {number} order One of `ORDER`.
   * @param {number} [a]
   * @param {number} [b]
   */
  order(slot, order, a = 0, b = 0) {
    this.#put(slot, order, a, b, 0);
  }

  /**
   * Gives an order whose payload is a text.
   *
   * @param {number} slot
   * @param {number} order
   * @param {number} a
   * @param {string} text
   * @param {number} [b]
   */
  orderText(slot, order, a, text, b = 0) {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if (text.length * 3 >= LARGE) return this.orderBytes(slot, order, a, Buffer.from(text), b);
    if (this.#outgoingLength + text.length * 3 > BYTES) this.#giveSome();
    const length = this.#outgoing.utf8Write(text, this.#outgoingLength);
    this.#outgoingLength += length;
    this.#put(slot, order, a, b, length);
  }

  /**
   * Gives an order whose payload is bytes.
   *
   * @param {number} slot
   * @param {number} order
   * @param {number} a
   * @param {Uint8Array} bytes
   * @param {number} [b]
   */
  orderBytes(slot, order, a, bytes, b = 0) {
    const { length } = bytes;
    if (length >= LARGE) {
      // What was ordered before comes first.
      if (this.#orderCount > 0) this.#giveSome();
      this.#native.order(slot, order, a, b, bytes);
      this.#unwritten = true;
      this.#scheduleFlush();
      return;
    }
    if (this.#outgoingLength + length > BYTES) this.#giveSome();
    this.#outgoing.set(bytes, this.#outgoingLength);
    this.#outgoingLength += length;
    this.#put(slot, order, a, b, length);
  }

  /** Gives what orders there are now, not with the next tick. */
  flush() {
    if (this.#orderCount === 0 && !this.#unwritten) return;
    this.#native.flush(this.#orders, this.#orderCount, this.#outgoing, false);
    this.#given();
  }

  /** Makes room for orders. What these send may leave together with what the rest of this turn does. */
  #giveSome() {
    this.#native.flush(this.#orders, this.#orderCount, this.#outgoing, true);
    this.#given();
    this.#unwritten = true;
  }

  #given() {
    this.#orderCount = 0;
    this.#outgoingLength = 0;
    this.#unwritten = false;
  }

  #scheduleFlush() {
    if (this.#delivering || this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.#flushLater);
  }

  #put(slot, order, a, b, length) {
    const at = this.#orderCount * ORDER_WORDS;
    const orders = this.#orders;
    orders[at] = slot;
    orders[at + 1] = order;
    orders[at + 2] = a;
    orders[at + 3] = b;
    orders[at + 4] = length;
    this.#orderCount++;
    if (this.#orderCount === ORDERS) this.#giveSome();
    this.#scheduleFlush();
  }
}

module.exports = { Border };
