"use strict";

// The payload of an event that is handled later, when the common array holds other ones. Reads as `Payload` does.

class KeptPayload {
  #bytes;

  /** @param {Buffer} bytes Its own. */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  get length() {
    return this.#bytes.length;
  }

  /** @returns {Buffer} */
  buffer() {
    return this.#bytes;
  }

  /** @returns {string} */
  text() {
    return this.#bytes.utf8Slice();
  }

  /** @returns {number} The 32-bit integer at `at`. */
  u32(at) {
    return this.#bytes.readUInt32LE(at);
  }
}

module.exports = { KeptPayload };
