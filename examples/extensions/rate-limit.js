"use strict";

// An extension that limits how many messages a client may send: a token bucket for each session. What is over the limit is dropped, and the
// client told once for each time it goes over.

class RateLimit {
  name = "rate-limit";
  #rate;
  #burst;
  #now;
  /** @type {WeakMap<object, { tokens: number, at: number, warned: boolean }>} Goes with its session. */
  #buckets = new WeakMap();

  /**
   * @param {object} options
   * @param {number} options.perSecond Messages that a client may send in the long run.
   * @param {number} [options.burst] Messages that it may send at once. Default: those of a second.
   * @param {() => number} [options.now] The time in ms. Default: that of a clock that is never set back.
   */
  constructor({ perSecond, burst = perSecond, now = () => performance.now() }) {
    this.#rate = perSecond / 1000;
    this.#burst = burst;
    this.#now = now;
  }

  async on_receive_utf8(session) {
    return this.#take(session);
  }

  async on_receive_binary(session) {
    return this.#take(session);
  }

  #take(session) {
    const bucket = this.#refilled(session);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      bucket.warned = false;
      return true;
    }
    // Not for each message: the answers would cost more than the messages.
    if (!bucket.warned) session.base.SendError("Too many messages; some were dropped.");
    bucket.warned = true;
    return false;
  }

  #refilled(session) {
    const at = this.#now();
    const bucket = this.#buckets.get(session) ?? { tokens: this.#burst, at, warned: false };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (at - bucket.at) * this.#rate);
    bucket.at = at;
    this.#buckets.set(session, bucket);
    return bucket;
  }
}

module.exports = { RateLimit };
