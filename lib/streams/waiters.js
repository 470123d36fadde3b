"use strict";

// Callers of `WaitForStream` whose stream has not come yet.

const { CryoError, codes } = require("../errors.js");

/** The longest delay of a Node.js timer, in ms; it takes longer ones for 1 ms. */
const LONGEST_DELAY = 2 ** 31 - 1;

class Waiters {
  /** By name, each in order of arrival. */
  #byName = new Map();

  /**
   * @param {string} name
   * @param {number} timeout In ms; beyond what a timer can take there is none.
   * @returns {Promise<import("./readable.js").CryoReadable>}
   */
  add(name, timeout) {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject, timer: undefined };
      if (timeout <= LONGEST_DELAY) {
        waiter.timer = setTimeout(() => {
          this.#remove(name, waiter);
          reject(new CryoError(codes.STREAM_TIMEOUT, "Timeout elapsed!"));
        }, timeout);
      }
      if (this.#byName.has(name)) this.#byName.get(name).push(waiter);
      else this.#byName.set(name, [waiter]);
    });
  }

  /**
   * Takes the one who has waited longest for a name.
   *
   * @param {string} name
   * @returns {((readable: import("./readable.js").CryoReadable) => void) | null} Gives it its stream; null where nobody waits.
   */
  take(name) {
    const waiter = this.#byName.get(name)?.[0];
    if (waiter === undefined) return null;
    this.#remove(name, waiter);
    clearTimeout(waiter.timer);
    return waiter.resolve;
  }

  /** No stream will come any more. @param {() => Error} makeError */
  rejectAll(makeError) {
    const waiters = [...this.#byName.values()].flat();
    this.#byName.clear();
    for (const { reject, timer } of waiters) {
      clearTimeout(timer);
      reject(makeError());
    }
  }

  #remove(name, waiter) {
    const rest = this.#byName.get(name).filter((other) => other !== waiter);
    if (rest.length > 0) this.#byName.set(name, rest);
    else this.#byName.delete(name);
  }
}

module.exports = { Waiters };
