"use strict";

// Whether the peer takes part in transactions, which it says in its ENDPOINT_INFO, if it ever does.

const { AsyncResource } = require("node:async_hooks");

const { deferred } = require("../promises.js");
const { CryoError, codes } = require("../errors.js");
const { sessionClosed } = require("../messages/sends.js");

/** How long to wait for a peer's announcement, in ms; older clients make none. */
const TIMEOUT = 2500;

function noTransactions() {
  return new CryoError(codes.NO_TRANSACTIONS, "The peer does not support streams, or has not announced that it does.");
}

class Readiness {
  /** Null while unknown. */
  #capable = null;
  #closed = false;
  /** Tasks that wait, in order. */
  #waiting = new Set();

  /** Whether transactions can begin at once. */
  get isReady() {
    return this.#capable === true && !this.#closed;
  }

  /** Why transactions can never begin, as far as is known; null if they can. @returns {CryoError | null} */
  get obstacle() {
    if (this.#closed) return sessionClosed();
    return this.#capable === false ? noTransactions() : null;
  }

  /**
   * Does something when transactions can begin: behind what has waited longer, and before anybody is told that they can. In the asynchronous context
   * of the call.
   *
   * @template T
   * @param {() => T} task Must not throw.
   * @returns {Promise<T>} What the task returns; rejects when transactions can't begin, or the peer has not announced itself in time.
   */
  run(task) {
    if (this.isReady) return Promise.resolve(task());
    const { obstacle } = this;
    if (obstacle !== null) return Promise.reject(obstacle);
    const { promise, resolve, reject } = deferred();
    const settle = AsyncResource.bind(() => {
      clearTimeout(timer);
      this.#waiting.delete(settle);
      if (this.isReady) resolve(task());
      else reject(this.obstacle ?? noTransactions());
    });
    const timer = setTimeout(settle, TIMEOUT);
    this.#waiting.add(settle);
    return promise;
  }

  /** The peer has announced itself. @param {boolean} capable */
  announced(capable) {
    this.#capable = capable;
    this.#settle();
  }

  /** The session is over. */
  close() {
    this.#closed = true;
    this.#settle();
  }

  #settle() {
    for (const settle of this.#waiting) settle();
  }
}

module.exports = { Readiness };
