"use strict";

// Payloads so large that everybody else would have to wait while one is copied, and its memory made and freed: they are taken over a step at a
// time, in the order in which they are asked for.

const { KeptPayload } = require("./kept-payload.js");
const { lost } = require("./lost.js");
const { setImmediate } = require("../timers.js");

/** The parcels of one bridge that are being taken over. */
class Parcels {
  /** @type {Parcel[]} The first one is at work. */
  #queue = [];
  #step = () => {
    const [parcel] = this.#queue;
    const through = parcel.step();
    if (through) this.#queue.shift();
    // First: who gets it may ask for the next one, which must not have two steps in a turn.
    if (this.#queue.length > 0) setImmediate(this.#step);
    if (through) parcel.end();
  };

  /**
   * @param {any} native The `NativeParcel`.
   * @param {number} length Bytes of its payload.
   * @param {number} flags Of its event.
   */
  make(native, length, flags) {
    return new Parcel(native, length, flags, (parcel) => {
      if (this.#queue.push(parcel) === 1) setImmediate(this.#step);
    });
  }
}

/** A payload that has come, and is still Rust's. */
class Parcel {
  #native;
  #flags;
  #enqueue;
  #bytes = null;
  #take = null;
  #done = null;
  /** @type {import("../errors.js").CryoError | null} */
  #error = null;

  constructor(native, length, flags, enqueue) {
    this.#native = native;
    this.length = length;
    this.#flags = flags;
    this.#enqueue = enqueue;
  }

  /**
   * Takes the payload over, in later turns of the event loop.
   *
   * @param {(payload: KeptPayload) => void} take Called with it, to make of it what is needed. May throw for lack of memory.
   * @param {(error: import("../errors.js").CryoError | null) => void} done Called then, with an error where the payload is lost. Must not throw.
   */
  gather(take, done) {
    this.#take = take;
    this.#done = done;
    this.#enqueue(this);
  }

  /** Takes over a piece of it; true when that was the last, or failed. */
  step() {
    try {
      this.#bytes ??= Buffer.allocUnsafeSlow(this.length);
      if (!this.#native.step(this.#bytes)) return false;
      this.#take(new KeptPayload(this.#bytes, this.#flags));
    } catch (cause) {
      this.#error = lost(this.length, cause);
      this.discard();
    }
    return true;
  }

  end() {
    this.#done(this.#error);
  }

  /** Frees what Rust has of it: it is not wanted any more, and not being taken over. */
  discard() {
    this.#native?.discard();
  }
}

module.exports = { Parcels };
