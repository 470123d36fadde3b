"use strict";

// An emitter of heartbeat rounds. They are told from the first listener on, or where the application has put its own `emit` over the emitter's
// before it has awaited anything: with many sessions, telling everybody would be most of what a round costs.

const { EventEmitter } = require("node:events");

const { hasOwnEmit, isHeard } = require("../emit.js");

/** The figures of a round, in the order in which they come. */
const STATS = ["stat-rtt", "stat-bytes-rx", "stat-bytes-tx", "stat-ack-timeout"];

/** The method of an emitter that asks Rust to tell of its rounds; false where there are none any more. */
const ask = Symbol("ask to be told of rounds");

/** What the library may do with an emitter and an application may not. */
const rounds = {};

class HeartbeatEmitter extends EventEmitter {
  /** Rust tells of rounds. */
  #asked = false;

  static {
    /** The application knows the emitter. */
    rounds.known = (emitter) => (hasOwnEmit(emitter) ? emitter.#want() : undefined);

    /** A round was. */
    rounds.tell = (emitter, payload, emit) => {
      STATS.forEach((event, index) => {
        if (isHeard(emitter, event)) emit(event, payload.double(index));
      });
    };
  }

  on(event, listener) {
    super.on(event, listener);
    if (STATS.includes(event)) this.#want();
    return this;
  }

  addListener(event, listener) {
    return this.on(event, listener);
  }

  prependListener(event, listener) {
    super.prependListener(event, listener);
    if (STATS.includes(event)) this.#want();
    return this;
  }

  #want() {
    if (!this.#asked) this.#asked = this[ask]();
  }
}

module.exports = { HeartbeatEmitter, ask, rounds };
