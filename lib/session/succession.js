"use strict";

// Sessions that follow each other with one sid. The sid is free as soon as a session has ended, but receive hooks may still have what it received:
// its `closed` comes later. The `session` of the next one waits for that, with all that follows. Otherwise applications that keep their sessions by
// sid would remove the new one at the end of the old.

/**
 * Sessions of one sid that wait for the one before them. Each may take `closeTimeoutMs` of its own, so that a client that comes and goes quickly
 * would have to wait ever longer.
 */
const MOST_WAITING = 8;

/**
 * A session that has ended, and has not told the application yet.
 *
 * @typedef {object} Former
 * @property {() => void} hurry Ends its wait for a hook.
 * @property {(() => void) | null} next Lets the next one begin.
 */

class Succession {
  /** By sid, the oldest first: the others wait for the one before them. @type {Map<bigint, Former[]>} */
  #former = new Map();

  /** Whether a new session of this sid has to wait. */
  has(sid) {
    return this.#former.has(sid);
  }

  /**
   * A session has ended.
   *
   * @param {bigint} sid
   * @param {() => void} hurry Ends its wait for a hook.
   * @returns {() => void} To be called when the application has been told.
   */
  ended(sid, hurry) {
    const former = { hurry, next: null };
    const line = this.#former.get(sid) ?? [];
    if (line.push(former) === 1) this.#former.set(sid, line);
    return () => {
      line.shift();
      if (line.length === 0) this.#former.delete(sid);
      former.next?.();
    };
  }

  /**
   * A session has begun that has to wait.
   *
   * @param {bigint} sid
   * @param {() => void} begin Called when all before it have told the application.
   */
  wait(sid, begin) {
    const line = this.#former.get(sid);
    line.at(-1).next = begin;
    if (line.length > MOST_WAITING) line[0].hurry();
  }
}

module.exports = { Succession };
