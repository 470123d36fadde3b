"use strict";

// `session.base`: messages, under the names of 3.0.9's typings.

/** The messages of a session. */
class CryoBaseManager {
  #messages;

  /** @param {import("../messages/messages.js").Messages} messages Not the session: an application may have put methods of its own over its. */
  constructor(messages) {
    this.#messages = messages;
  }

  /**
   * Sends a ping.
   *
   * @returns {Promise<void>} Resolves at once: nobody waits for the answer.
   */
  Ping() {
    return this.#messages.ping();
  }

  /**
   * Sends a text.
   *
   * @param {string} text
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  SendUTF8(text) {
    return this.#messages.sendText(text);
  }

  /**
   * Sends bytes.
   *
   * @param {Buffer | ArrayBuffer | ArrayBufferView} data
   * @returns {Promise<void>} Resolves when the peer has acknowledged them.
   */
  SendBinary(data) {
    return this.#messages.sendBinary(data);
  }

  /**
   * Sends an error text.
   *
   * @param {string} text
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  SendError(text) {
    return this.#messages.sendError(text);
  }
}

module.exports = { CryoBaseManager };
