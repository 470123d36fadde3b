"use strict";

// An extension that compresses binary messages, for clients that agree on this: the first byte of each message says how the rest is
// encoded, 0 as it is, 1 by deflate (RFC 1951). Text messages are left alone.

const { promisify } = require("node:util");
const zlib = require("node:zlib");

const deflate = promisify(zlib.deflateRaw);
const inflate = promisify(zlib.inflateRaw);

const PLAIN = Buffer.of(0);
const DEFLATED = Buffer.of(1);

class Compression {
  name = "compression";
  #threshold;
  #limit;

  /**
   * @param {object} [options]
   * @param {number} [options.threshold] Bytes from which on compressing is tried.
   * @param {number} [options.limit] Bytes that a message may come to: a few bytes can stand for gigabytes.
   */
  constructor({ threshold = 1024, limit = 16 * 1024 * 1024 } = {}) {
    this.#threshold = threshold;
    this.#limit = limit;
  }

  async before_send_binary(_session, message) {
    message.value = await this.#encode(message.value);
    return true;
  }

  /** Drops what can't be read, and tells the client: the application is to see nothing but decoded messages. */
  async on_receive_binary(session, message) {
    try {
      message.value = await this.#decode(message.value);
      return true;
    } catch (error) {
      session.base.SendError(`The message can't be decompressed: ${error.message}`);
      return false;
    }
  }

  async #encode(bytes) {
    if (bytes.length >= this.#threshold) {
      const deflated = await deflate(bytes);
      if (deflated.length < bytes.length) return Buffer.concat([DEFLATED, deflated]);
    }
    return Buffer.concat([PLAIN, bytes]);
  }

  async #decode(bytes) {
    const content = bytes.subarray(1);
    switch (bytes[0]) {
      case PLAIN[0]:
        return content;
      case DEFLATED[0]:
        return inflate(content, { maxOutputLength: this.#limit });
      default:
        throw new RangeError(`encoding ${bytes[0]} is unknown`);
    }
  }
}

module.exports = { Compression };
