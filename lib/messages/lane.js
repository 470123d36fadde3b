"use strict";

// One direction of one session while a message of it is with the hooks: whatever comes behind waits, in order.

/** Handled items at the front of the array from which on it is cut. */
const COMPACT_AT = 1024;

/** @template T */
class Lane {
  #handle;
  #resume;
  /** What waits, from #head on. The item being handled is not part of it. @type {T[]} */
  #items = [];
  #head = 0;
  /** Whether an item is being handled. */
  #running = false;
  /** Which one: changes when it is no longer waited for. */
  #turn = 0;
  /** Its handler has not returned yet. */
  #handling = false;
  /** It is done. */
  #done = false;

  /**
   * @param {(item: T, turn: number) => void} handle Calls `done` with the turn, as the last thing it does. Items are handled
   *   one after the other.
   * @param {(item: T, turn: number) => void} [resume] The same for items that had to wait: these are begun by whatever ended the one before.
   */
  constructor(handle, resume = handle) {
    this.#handle = handle;
    this.#resume = resume;
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
    else this.#handleFrom(item, this.#handle);
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
    this.#turn++;
  }

  /**
   * An item has been handled.
   *
   * @param {number} turn Its.
   */
  done(turn) {
    if (turn !== this.#turn) return;
    this.#done = true;
    if (!this.#handling) this.#handleFrom(this.#take(), this.#resume);
  }

  /** Handles this item, and those that wait, until one takes its time. Without a promise or a closure for each, which would be most of the cost. */
  #handleFrom(first, begin) {
    for (let item = first, handle = begin; item !== undefined; item = this.#take(), handle = this.#resume) {
      const turn = ++this.#turn;
      this.#running = this.#handling = true;
      this.#done = false;
      try {
        handle(item, turn);
      } catch (error) {
        // Nothing that it does throws, but the application's stack may end within it; nothing waits then. Without a call, which might not fit
        // the stack either.
        this.#running = false;
        this.#turn++;
        throw error;
      }
      // What is no longer waited for must not end what came since.
      if (turn !== this.#turn) return;
      this.#handling = false;
      if (!this.#done) return;
    }
    this.#running = false;
    this.#turn++;
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
