"use strict";

// One direction of one session while a message of it is with the hooks: whatever comes behind waits, in order.

/** Runs tasks one after the other. Tasks must not throw or reject. */
class Lane {
  #tasks = [];
  #running = false;

  /** Whether anything has to be waited for. */
  get busy() {
    return this.#running;
  }

  /** @param {() => Promise<void> | void} task */
  push(task) {
    this.#tasks.push(task);
    if (!this.#running) void this.#run();
  }

  async #run() {
    this.#running = true;
    for (let next = 0; next < this.#tasks.length; next++) {
      await this.#tasks[next]();
      this.#tasks[next] = undefined;
      // Under a steady load the array would never come to its end.
      if (next === 1023) {
        this.#tasks.splice(0, 1024);
        next = -1;
      }
    }
    this.#tasks.length = 0;
    this.#running = false;
  }
}

module.exports = { Lane };
