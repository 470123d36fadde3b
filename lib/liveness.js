"use strict";

// What keeps the process alive: that the server listens, unless `http_server.unref()` was called, and what is open. With Node's own servers each
// handle does so by itself; here sockets are Rust's, and the event loop does not know them.

const { LONGEST_TIMER, clearInterval, setInterval } = require("./timers.js");

const noop = () => {};

class Liveness {
  #native;
  /** What it does is to be there. */
  #timer = setInterval(noop, LONGEST_TIMER);
  #listening = true;
  /** Clients are connected. Unknown until it matters. @type {boolean | null} */
  #occupied = null;
  /** What the application itself has begun: connections to other servers, and the end of this one. */
  #begun = 0;

  /** @param {any} native The `NativeServer`. */
  constructor(native) {
    this.#native = native;
  }

  /** Listening keeps the process alive, as it does at first. */
  ref() {
    this.#listening = true;
    this.#update();
  }

  /** It does not: only what is open. */
  unref() {
    this.#listening = false;
    this.#occupied ??= this.#native.watchConnections();
    this.#update();
  }

  /** @param {boolean} occupied Whether clients are connected: something has changed. */
  changed(occupied) {
    this.#occupied = occupied;
    this.#update();
  }

  /** The application has begun something that keeps the process alive until {@link release}. */
  hold() {
    this.#begun++;
    this.#update();
  }

  /** It is over. */
  release() {
    this.#begun--;
    this.#update();
  }

  /** Nothing of the server is left. */
  end() {
    clearInterval(this.#timer);
  }

  #update() {
    if (this.#listening || this.#occupied || this.#begun > 0) this.#timer.ref();
    else this.#timer.unref();
  }
}

module.exports = { Liveness };
