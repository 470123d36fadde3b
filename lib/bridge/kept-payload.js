"use strict";

// The payload of an event that is handled later, when the common array holds other ones. Reads as `Payload` does.

const { FLAG } = require("./codes.js");
const { lost } = require("./lost.js");

class KeptPayload {
  #bytes;
  #flags;

  /**
   * @param {Buffer} bytes Its own.
   * @param {number} flags Of its event.
   */
  constructor(bytes, flags) {
    this.#bytes = bytes;
    this.#flags = flags;
  }

  get length() {
    return this.#bytes.length;
  }

  /** @returns {Buffer} */
  buffer() {
    return this.#bytes;
  }

  /** @returns {Buffer} */
  own() {
    return this.#bytes;
  }

  /**
   * @returns {string}
   * @throws {import("../errors.js").CryoError} `ERR_CRYO_PAYLOAD_LOST`.
   */
  text() {
    try {
      return (this.#flags & FLAG.ASCII) !== 0 ? this.#bytes.latin1Slice() : this.#bytes.utf8Slice();
    } catch (cause) {
      throw lost(this.length, cause);
    }
  }

  /** @returns {number} The 32-bit integer at `at`. */
  u32(at) {
    return this.#bytes.readUInt32LE(at);
  }
}

module.exports = { KeptPayload };
