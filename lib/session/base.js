"use strict";

// `session.base`: messages, under the names of 3.0.9's typings.

/** The messages of a session. */
class CryoBaseManager {
  #session;

  /** @param {import("./session.js").CryoServerWebsocketSession} session */
  constructor(session) {
    this.#session = session;
  }

  /**
   * Sends a ping.
   *
   * @returns {Promise<void>} Resolves at once: nobody waits for the answer.
   */
  Ping() {
    return this.#session.SendPing();
  }

  /**
   * Sends a text.
   *
   * @param {string} text
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  SendUTF8(text) {
    return this.#session.SendUTF8(text);
  }

  /**
   * Sends bytes.
   *
   * @param {Buffer | ArrayBuffer | ArrayBufferView} data
   * @returns {Promise<void>} Resolves when the peer has acknowledged them.
   */
  SendBinary(data) {
    return this.#session.SendBinary(data);
  }

  /**
   * Sends an error text.
   *
   * @param {string} text
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  SendError(text) {
    return this.#session.SendError(text);
  }
}

module.exports = { CryoBaseManager };
