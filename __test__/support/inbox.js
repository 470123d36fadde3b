"use strict";

// A queue between something that arrives and a test that awaits it.

const { within } = require("./wait");

/** @template T */
class Inbox {
  #items = [];
  #waiters = [];
  #end = null;

  /** @param {T} item */
  push(item) {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(item);
    else this.#items.push(item);
  }

  /** @param {string} why Nothing more will arrive; what is there can still be taken. */
  end(why) {
    this.#end = why;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new Error(why));
  }

  /**
   * @param {string} [what] Names the wait in the error.
   * @param {number} [ms]
   * @returns {Promise<T>}
   */
  next(what = "something to arrive", ms) {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    if (this.#end !== null) return Promise.reject(new Error(`waiting for ${what}: ${this.#end}`));
    return within(new Promise((resolve, reject) => this.#waiters.push({ resolve, reject })), what, ms);
  }

  /** @returns {T[]} What has arrived and was not taken yet. */
  take() {
    return this.#items.splice(0);
  }
}

module.exports = { Inbox };
