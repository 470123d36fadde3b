"use strict";

// One direction of one session while a message of it is with the hooks: whatever comes behind waits, in order.

/** Handled items at the front of the array from which on it is cut. */
const COMPACT_AT = 1024;

/** @template T */
class Lane {
  #handle;
  /** What waits, from #head on. The item being handled is not part of it. @type {T[]} */
  #items = [];
  #head = 0;
  /** Whether an item is being handled. */
  #running = false;
  /** Changes when what is being handled is no longer waited for. */
  #run = 0;

  /**
   * @param {(item: T, done: () => void) => void} handle Must not throw, and calls `done` once, as the last thing it does. Items are handled
   *   one after the other.
   */
  constructor(handle) {
    this.#handle = handle;
  }

  /** Whether anything has to be waited for. */
  get busy() {
    return this.#running;
  }

  /** Items that wait, without the one being handled. */
  get waiting() {
    return this.#items.length - this.#head;
  }

  /** @param {T} item */
  push(item) {
    if (this.#running) this.#items.push(item);
    else this.#handleFrom(item);
  }

  /**
   * Takes the first waiting item of that kind out.
   *
   * @param {(item: T) => boolean} matches
   * @returns {T | undefined}
   */
  remove(matches) {
    for (let at = this.#head; at < this.#items.length; at++) {
      if (matches(this.#items[at])) return this.#items.splice(at, 1)[0];
    }
    return undefined;
  }

  /** Forgets what waits, and no longer waits for what is being handled. */
  clear() {
    this.#items.length = 0;
    this.#head = 0;
    this.#running = false;
    this.#run++;
  }

  /**
   * Handles this item, and those that wait, until one takes its time. Calls back instead of promising, which would cost two promises for each
   * message.
   */
  #handleFrom(first) {
    for (let item = first; item !== undefined; item = this.#take()) {
      this.#running = true;
      const run = this.#run;
      let returned = false;
      let finished = false;
      this.#handle(item, () => {
        if (this.#run !== run) return;
        finished = true;
        if (returned) this.#handleFrom(this.#take());
      });
      returned = true;
      if (!finished) return;
    }
    this.#running = false;
    this.#run++;
  }

  /** The first waiting item, or undefined: nothing is left in the array then. */
  #take() {
    if (this.#head === this.#items.length) {
      // Not also where it is empty, as it is for most messages: setting a length costs a call into the runtime.
      if (this.#head > 0) this.#items.length = this.#head = 0;
      return undefined;
    }
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === COMPACT_AT) {
      this.#items.splice(0, COMPACT_AT);
      this.#head = 0;
    }
    return item;
  }
}

module.exports = { Lane };
