"use strict";

// The promises of one session's sends, until the peer's ACKs settle them.

const { CryoError, codes } = require("../errors.js");
const { OUTCOME } = require("../bridge/codes.js");

/** Settled entries from which on the ring is cut, or what is left of it is set aside. */
const COMPACT_AT = 1024;

const noop = () => {};

// One executor for all promises: a closure per send would cost as much as the promise itself.
let resolver;
let rejecter;
function capture(resolve, reject) {
  resolver = resolve;
  rejecter = reject;
}

/** Why a send that was not acknowledged rejects. */
const FAILURES = {
  [OUTCOME.Dropped]: () =>
    new CryoError(
      codes.DROPPED,
      "The message was dropped by the backpressure policy: the peer reads too slowly. Send less, or raise the option backpressure.",
    ),
  [OUTCOME.TimedOut]: () =>
    new CryoError(codes.ACK_TIMEOUT, "The peer did not acknowledge the message within 2500 ms. It may have arrived all the same."),
};

function sessionClosed() {
  return new CryoError(codes.SESSION_CLOSED, "The session ended before the peer acknowledged this.");
}

/**
 * A ring of resolvers. Its tokens are consecutive 32-bit numbers without 0, which stands for a send nobody waits for.
 */
class Sends {
  #rejects;
  /** The token of the entry at #head. */
  #first = 1;
  #next = 1;
  #head = 0;
  #resolvers = [];
  #rejecters;
  /** Settled entries behind #head. */
  #gaps = 0;
  /** What was set aside from a ring of mostly gaps, by token. @type {Map<number, { resolve: Function, reject?: Function }>} */
  #late = new Map();

  /** @param {boolean} rejects Whether a send that can't be acknowledged any more rejects, or stays pending. */
  constructor(rejects) {
    this.#rejects = rejects;
    this.#rejecters = rejects ? [] : null;
  }

  /** The token of the send that {@link promise} was last called for. */
  token = 0;

  /** @returns {Promise<void>} A promise for the next send, whose token is then in `token`. */
  promise() {
    const promise = new Promise(capture);
    // Applications that never looked at the promise must not get unhandled rejections from it.
    if (this.#rejects) promise.catch(noop);
    // Not pushed: where the application's stack ends between the two they would no longer match.
    const at = this.#resolvers.length;
    if (this.#rejecters !== null) this.#rejecters[at] = rejecter;
    this.#resolvers[at] = resolver;
    this.token = this.#next;
    this.#next = (this.#next + 1) >>> 0;
    if (this.#next === 0) {
      this.#next = 1;
      this.#resolvers.push(null);
      this.#rejecters?.push(null);
    }
    return promise;
  }

  /**
   * `count` sends from token `first` on have ended.
   *
   * @param {number} first
   * @param {number} outcome One of `OUTCOME`.
   * @param {number} count
   */
  settle(first, outcome, count) {
    for (let i = 0; i < count; i++) this.#settleOne((first + i) >>> 0, outcome);
    this.#trim();
  }

  /** The session is over: nothing will be acknowledged any more. */
  close() {
    if (this.#rejecters !== null) {
      for (const { reject } of this.#late.values()) reject(sessionClosed());
      for (let at = this.#head; at < this.#rejecters.length; at++) this.#rejecters[at]?.(sessionClosed());
    }
    this.#late.clear();
    this.#clear();
  }

  #settleOne(token, outcome) {
    const at = this.#head + ((token - this.#first) >>> 0);
    const resolve = this.#resolvers[at];
    if (resolve === undefined || resolve === null) return this.#settleLate(token, outcome);
    if (outcome === OUTCOME.Acknowledged) resolve();
    else if (this.#rejects) this.#rejecters[at](FAILURES[outcome]());
    this.#resolvers[at] = null;
    if (this.#rejecters !== null) this.#rejecters[at] = null;
    this.#gaps++;
  }

  #settleLate(token, outcome) {
    const send = this.#late.get(token);
    if (send === undefined) return;
    this.#late.delete(token);
    if (outcome === OUTCOME.Acknowledged) send.resolve();
    else send.reject?.(FAILURES[outcome]());
  }

  #trim() {
    const { length } = this.#resolvers;
    while (this.#head < length && this.#resolvers[this.#head] === null) {
      this.#head++;
      this.#gaps--;
      this.#first = (this.#first + 1) >>> 0;
    }
    if (this.#head === length) this.#clear();
    else if (this.#gaps >= COMPACT_AT && this.#gaps * 2 >= length - this.#head) this.#setAside();
    else if (this.#head >= COMPACT_AT && this.#head * 2 >= length) {
      this.#resolvers.splice(0, this.#head);
      this.#rejecters?.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** One send that is never acknowledged must not keep a place for each of the later ones. */
  #setAside() {
    for (let at = this.#head; at < this.#resolvers.length; at++) {
      const resolve = this.#resolvers[at];
      if (resolve === null) continue;
      this.#late.set((this.#first + at - this.#head) >>> 0, { resolve, reject: this.#rejecters?.[at] });
    }
    this.#clear();
  }

  #clear() {
    this.#resolvers = [];
    if (this.#rejecters !== null) this.#rejecters = [];
    this.#head = 0;
    this.#gaps = 0;
    this.#first = this.#next;
  }
}

module.exports = { Sends, sessionClosed };
