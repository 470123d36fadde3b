"use strict";

// What has become of every promise that the servers gave: settled, or collected as garbage without ever settling.

const { setTimeout } = require("node:timers/promises");

/** Rounds of garbage collection that wait for the last ones. */
const ROUNDS = 100;

class Ledger {
  /** Promises that were given. */
  kept = 0;
  /** How many had which outcome: "fulfilled", or the code of a rejection. @type {Record<string, number>} */
  outcomes = {};
  /** Of those that never settled, how many nothing refers to any more. */
  released = 0;

  #registry = new FinalizationRegistry((fate) => (this.released += fate.settled ? 0 : 1));

  /**
   * Follows a promise without keeping it alive.
   *
   * @template T
   * @param {Promise<T>} promise
   * @returns {Promise<T>}
   */
  keep(promise) {
    this.kept++;
    const fate = { settled: false };
    const settle = (outcome) => {
      fate.settled = true;
      this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    };
    this.#registry.register(promise, fate);
    promise.then(
      () => settle("fulfilled"),
      (error) => settle(error.code),
    );
    return promise;
  }

  /** Promises that settled. */
  get settled() {
    return Object.values(this.outcomes).reduce((sum, count) => sum + count, 0);
  }

  /** Waits until each promise has settled or was released, or the garbage collector has had its chances. */
  async close() {
    for (let round = 0; round < ROUNDS && this.settled + this.released < this.kept; round++) {
      globalThis.gc();
      await setTimeout(20);
    }
  }
}

module.exports = { Ledger };
