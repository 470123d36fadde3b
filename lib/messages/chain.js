"use strict";

// The way of one session's messages through the hooks of their kind, in one direction: one message after the other, and each through one hook
// after the other.

const { report } = require("../report.js");
const { BINARY, bytesOf, isTooLarge, textOf } = require("./kinds.js");

/**
 * @typedef {object} Hook
 * @property {any} extension
 * @property {string} name The extension's.
 * @property {string} method
 * @property {number} limit Bytes that the message may have behind it.
 */

/**
 * @typedef {object} Message
 * @property {number} kind
 * @property {any} value Replaced by what the hooks make of it.
 * @property {readonly Hook[]} chain The hooks registered when it came, or was sent.
 */

/** @template {Message} M */
class Chain {
  #server;
  #session;
  #done;
  /** What is on its way, what the hooks get of it, and which of them has it. */
  #message = /** @type {any} */ (null);
  #box = { value: /** @type {any} */ (null) };
  #at = 0;

  /**
   * @param {{ emitter: import("node:events").EventEmitter, options: Readonly<Record<string, any>> }} server Errors of hooks are reported to its
   *   emitter; its option `extensionErrors` says what becomes of a message whose hook threw. One that a hook made too large is dropped.
   * @param {object} session
   * @param {(message: M, passed: boolean) => void} done Told whether a message goes on. Must not throw. The next one may be given from within.
   */
  constructor(server, session, done) {
    this.#server = server;
    this.#session = session;
    this.#done = done;
  }

  /**
   * Runs a message through its hooks. Only when the one before is done.
   *
   * @param {M} message
   */
  run(message) {
    this.#message = message;
    this.#box = { value: message.value };
    this.#at = 0;
    this.#next();
  }

  /** Not an async function with a loop, and with the same two callbacks for every hook: objects are most of what a hook costs. */
  #next() {
    const { chain } = this.#message;
    for (; this.#at < chain.length; this.#at++) {
      const { extension, method } = chain[this.#at];
      let result;
      try {
        // Looked up at the call: a method may be replaced, or removed, while the extension is registered.
        const hook = extension[method];
        if (typeof hook !== "function") continue;
        result = Promise.resolve(hook.call(extension, this.#session, this.#box));
      } catch (error) {
        result = Promise.reject(error);
      }
      result.then(this.#returned, this.#failed);
      return;
    }
    this.#leave(true);
  }

  #returned = (/** @type {unknown} */ passed) => {
    // A promise with a `then` of its own may call twice.
    if (this.#message === null) return;
    if (passed === false) return this.#leave(false);
    try {
      this.#takeOver();
    } catch (error) {
      return this.#failed(error);
    }
    this.#at++;
    this.#next();
  };

  #failed = (/** @type {unknown} */ error) => {
    if (this.#message === null) return;
    this.#report(error);
    if (this.#server.options.extensionErrors === "drop") return this.#leave(false);
    try {
      this.#takeOver();
    } catch (unfit) {
      // It must not go on as it was: this hook may be one that encrypts.
      if (isTooLarge(unfit)) {
        if (!isTooLarge(error)) this.#report(unfit);
        return this.#leave(false);
      }
      // What it left is no such message, or can't be read or written: the next one gets a box as it would be without this hook.
      this.#box = { value: this.#message.value };
    }
    this.#at++;
    this.#next();
  };

  #report(error) {
    const { name, method } = this.#message.chain[this.#at];
    report(this.#server.emitter, error, this.#session, `${method} of extension '${name}'`);
  }

  /** Takes over what a hook left in the box. Throws for what is no such message; an empty one may be what is left of a message that was transferred. */
  #takeOver() {
    const message = this.#message;
    const left = this.#box.value;
    if (left === message.value && left.length > 0) return;
    message.value = fitting(message.chain[this.#at], message.kind, left);
    if (message.value !== left) this.#box.value = message.value;
  }

  #leave(passed) {
    const message = this.#message;
    this.#message = null;
    this.#done(message, passed);
  }
}

/** What a hook left in the box, as the next one may expect it. Throws for what is no such message. */
function fitting({ method, limit }, kind, value) {
  const what = `box.value after ${method}`;
  if (kind !== BINARY) return textOf(what, value, limit);
  const bytes = bytesOf(what, value, limit);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

module.exports = { Chain };
