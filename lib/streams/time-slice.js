"use strict";

// How much of the event loop the outgoing streams of a server take. Filling one socket with chunks is the better part of a millisecond: many
// streams at once would let everybody else's messages wait until all of their sockets are full.

const { runTicks } = require("../bridge/ticks.js");
const { setImmediate } = require("../timers.js");

/** Time in ms that streams take at a time. */
const TURN = 1;
/** Pause in ms after it, which is left to all other work. */
const REST = 1;

class TimeSlice {
  #now;
  #end = -Infinity;
  /** What waits for the event loop to come round. */
  #tasks = [];

  /** @param {() => number} [now] Time in ms, for tests. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Whether streams may go on now. */
  isLeft() {
    const now = this.#now();
    if (now >= this.#end + REST) this.#end = now + TURN;
    return now < this.#end;
  }

  /**
   * Runs a task when others have had their turn.
   *
   * @param {() => void} task Does not throw.
   */
  later(task) {
    this.#tasks.push(task);
    if (this.#tasks.length === 1) setImmediate(this.#run);
  }

  #run = () => {
    this.#end = this.#now() + TURN;
    let done = 0;
    try {
      do {
        this.#tasks[done++]();
        // With what the task causes.
      } while (runTicks() && done < this.#tasks.length && this.#now() < this.#end);
    } finally {
      this.#tasks.splice(0, done);
      if (this.#tasks.length > 0) setImmediate(this.#run);
    }
  };
}

module.exports = { TimeSlice };
