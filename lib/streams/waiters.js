"use strict";

// Callers of `WaitForStream` whose stream has not come yet.

const { CryoError, codes } = require("../errors.js");
const { LONGEST_TIMER } = require("../timers.js");

/**
 * @typedef {object} Waiter
 * @property {(readable: import("./readable.js").CryoReadable) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {NodeJS.Timeout | undefined} timer
 */

class Waiters {
  /** By name, each in order of arrival. @type {Map<string, Set<Waiter>>} */
  #byName = new Map();

  /** Whether nobody waits. */
  get isEmpty() {
    return this.#byName.size === 0;
  }

  /**
   * @param {string} name
   * @param {number} timeout In ms; beyond what a timer can take there is none.
   * @returns {Promise<import("./readable.js").CryoReadable>}
   */
  add(name, timeout) {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject, timer: undefined };
      if (timeout <= LONGEST_TIMER) {
        waiter.timer = setTimeout(() => {
          this.#remove(name, waiter);
          reject(new CryoError(codes.STREAM_TIMEOUT, "Timeout elapsed!"));
        }, timeout);
      }
      if (!this.#byName.has(name)) this.#byName.set(name, new Set());
      this.#byName.get(name).add(waiter);
    });
  }

  /**
   * Takes the one who has waited longest for a name.
   *
   * @param {string} name
   * @returns {((readable: import("./readable.js").CryoReadable) => void) | null} Gives it its stream; null where nobody waits.
   */
  take(name) {
    if (!this.#byName.has(name)) return null;
    const [waiter] = this.#byName.get(name);
    this.#remove(name, waiter);
    clearTimeout(waiter.timer);
    return waiter.resolve;
  }

  /** No stream will come any more. @param {() => Error} makeError */
  rejectAll(makeError) {
    const all = [...this.#byName.values()];
    this.#byName.clear();
    for (const waiters of all) {
      for (const { reject, timer } of waiters) {
        clearTimeout(timer);
        reject(makeError());
      }
    }
  }

  #remove(name, waiter) {
    const waiters = this.#byName.get(name);
    waiters.delete(waiter);
    if (waiters.size === 0) this.#byName.delete(name);
  }
}

module.exports = { Waiters };
