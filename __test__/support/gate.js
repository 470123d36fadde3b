"use strict";

// Hooks that wait for the test.

const { deferred, within } = require("./wait");

/** A hook that holds a message back until the test lets it go: `gate.open(text)`. */
class Gate {
  #messages = new Map();

  hook = async (_, box) => {
    const message = this.#of(String(box.value));
    message.reached.resolve();
    await message.opened.promise;
  };

  /** @returns {Promise<void>} Resolves when the hook has the message. */
  reached(text) {
    return within(this.#of(text).reached.promise, `'${text}' at the hook`);
  }

  open(text) {
    this.#of(text).opened.resolve();
  }

  #of(text) {
    if (!this.#messages.has(text)) this.#messages.set(text, { reached: deferred(), opened: deferred() });
    return this.#messages.get(text);
  }
}

module.exports = { Gate };
