"use strict";

// What a session sends while send hooks look at it. The caps and the drop policy of the queue behind it (src/session/outbox.rs) apply
// here too, so that a hook that is slower than the application costs messages, and in the end the session, but not memory. Payloads are not
// compared, because hooks may still change them.

const { AsyncResource } = require("node:async_hooks");

const { OUTCOME } = require("../bridge/codes.js");
const { bytesIn } = require("../bytes.js");
const { MAX_PAYLOAD } = require("../options/options.js");
const { report } = require("../report.js");
const { Chain } = require("./chain.js");
const { BINARY, ERROR } = require("./kinds.js");
const { Lane } = require("./lane.js");

/** How many times `maxQueuedBytes`, and one message of the largest size, may wait with what can't be dropped; as in Rust. */
const OVERFLOW_FACTOR = 4;

/** What a waiting item costs besides its bytes, in bytes: objects, and a promise. */
const ITEM_COST = 256;

/**
 * @typedef {import("./chain.js").Message & Sent} Message
 *
 * @typedef {object} Sent
 * @property {number} token Of its promise.
 * @property {number} length Bytes at most, before the hooks.
 * @property {AsyncResource | null} scope The asynchronous context of its call, where it has to wait for its hooks.
 */

class Outbound {
  #server;
  #session;
  #transmit;
  #settle;
  #overflow;
  #lane = new Lane((item, turn) => (typeof item === "function" ? this.#perform(item, turn) : this.#through(item, turn)));
  #chain;
  /** The turn of the message that is with its hooks. */
  #turn = 0;
  #bytes = 0;
  /** What is to happen at the end of it. @type {Set<() => void>} */
  #ends = new Set();
  /** The session has ended. */
  #over = false;

  /**
   * @param {import("../server.js").Internals} server
   * @param {object} session
   * @param {(kind: number, token: number, value: any) => void} transmit Gets each message that passes.
   * @param {(token: number, outcome: number) => void} settle Gets each message that does not, with its outcome.
   * @param {() => void} overflow Called when what can't be dropped has become too much, and all that waited is forgotten.
   */
  constructor(server, session, transmit, settle, overflow) {
    this.#server = server;
    this.#session = session;
    this.#transmit = transmit;
    this.#settle = settle;
    this.#overflow = overflow;
    this.#chain = new Chain(server, session, ({ kind, value, token }, passed) => {
      if (this.#over) return;
      // A message that a hook drops counts as done, as in 3.0.9.
      if (passed) this.#send(kind, token, value);
      else this.#settle(token, OUTCOME.Acknowledged);
      this.#lane.done(this.#turn);
    });
  }

  /** Messages discarded by the drop policy. */
  dropped = 0;

  /** Whether anything has to be waited for. */
  get busy() {
    return this.#lane.busy;
  }

  /** What waits: `{ bytes, frames }`. */
  get queued() {
    return { bytes: this.#bytes, frames: this.#lane.waiting };
  }

  /** @param {Message} message */
  push(message) {
    const droppable = message.kind !== ERROR;
    if (droppable && !this.#makeRoom(message)) return this.#drop(message);
    if (this.#lane.busy && message.chain.length > 0) message.scope = new AsyncResource("CRYOSEND");
    this.#bytes += message.length;
    this.#lane.push(message);
    if (!droppable) this.#checkOverflow();
  }

  /** @param {() => void} task What has to happen behind what was sent before. */
  behind(task) {
    this.#lane.push(task);
    this.#checkOverflow();
  }

  /**
   * Nothing more is sent.
   *
   * @param {() => void} task What has to happen behind what was sent before; a hook that takes longer than `closeTimeoutMs` is not
   *   waited for.
   */
  end(task) {
    const timer = setTimeout(() => this.clear(), this.#server.options.closeTimeoutMs);
    const end = () => {
      clearTimeout(timer);
      this.#ends.delete(end);
      task();
    };
    this.#ends.add(end);
    this.#lane.push(end);
  }

  /** Forgets what waits, which is the end of it. */
  clear() {
    this.#bytes = 0;
    this.#lane.clear();
    this.#ends.forEach((end) => end());
  }

  /** The session is over: nothing becomes of a message that is still with its hooks. */
  close() {
    this.#over = true;
    this.clear();
  }

  #checkOverflow() {
    const limit = OVERFLOW_FACTOR * this.#server.options.backpressure.maxQueuedBytes + MAX_PAYLOAD;
    if (this.#bytes + this.#lane.waiting * ITEM_COST <= limit) return;
    this.clear();
    this.#overflow();
  }

  #makeRoom(message) {
    const { dropPolicy, maxQueuedBytes, maxQueueCount } = this.#server.options.backpressure;
    const fits = () => this.#bytes + message.length <= maxQueuedBytes && this.#lane.waiting < maxQueueCount;
    while (!fits() && this.#lane.waiting > 0) {
      if (dropPolicy === "drop-newest") return false;
      const same = dropPolicy === "dedupe-latest" ? this.#lane.remove(({ kind }) => kind === message.kind) : undefined;
      const victim = same ?? this.#lane.remove(({ kind }) => kind !== undefined && kind !== ERROR);
      if (victim === undefined) return false;
      this.#bytes -= victim.length;
      this.#drop(victim);
    }
    return true;
  }

  #drop({ token }) {
    this.dropped++;
    this.#settle(token, OUTCOME.Dropped);
  }

  #perform(task, turn) {
    task();
    this.#lane.done(turn);
  }

  #through(message, turn) {
    this.#bytes -= message.length;
    this.#turn = turn;
    if (message.scope === null) this.#chain.run(message);
    else message.scope.runInAsyncScope(this.#chain.run, this.#chain, message);
  }

  #send(kind, token, value) {
    try {
      // Where a hook has transferred the message's memory to somebody else, there is nothing left to send.
      if (kind === BINARY) bytesIn("before_send_binary", value);
      this.#transmit(kind, token, value);
    } catch (error) {
      report(this.#server.emitter, error, this.#session, "message after its hooks");
      this.#drop({ token });
    }
  }
}

module.exports = { OVERFLOW_FACTOR, Outbound };
