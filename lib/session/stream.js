"use strict";

// `session.stream`: transactions, under the names of 3.0.9's typings.

const { EventEmitter } = require("node:events");

const { FLOW } = require("../bridge/codes.js");
const { CryoReadable } = require("../streams/readable.js");

const rejection = Symbol.for("nodejs.rejection");

/** Who sets the pace of a transaction: its sender, or its receiver. */
const CRYO_FLOW_BEHAVIOUR = Object.freeze({ TX_PUSH: FLOW.Push, TX_PULL: FLOW.Pull });

/** The transactions of a session. Emits `tx-start`, `tx-chunk`, `tx-finish` and `tx-fetch`. */
class CryoTransactionManager extends EventEmitter {
  #session;
  #requestRange;

  /**
   * @param {import("./session.js").CryoServerWebsocketSession} session
   * @param {(stream: CryoReadable, start: number, end: number) => Promise<void>} requestRange
   */
  constructor(session, requestRange) {
    super({ captureRejections: true });
    this.#session = session;
    this.#requestRange = requestRange;
  }

  /**
   * Streams data to the peer, no faster than the peer reads.
   *
   * @param {any} source A Node.js or WHATWG stream, or an (async) iterable, of Buffers, views or strings.
   * @param {string} [name] Default: `anonymous`.
   * @returns {Promise<void>} Settles when the stream is through, or was cut short.
   */
  Stream(source, name) {
    return this.#session.Stream(source, name);
  }

  /**
   * Waits for a stream of the peer, or takes one that has come already.
   *
   * @param {string} [name] Default: `anonymous`.
   * @param {number} [timeout] In ms. Default: 2500.
   * @returns {Promise<CryoReadable>}
   */
  WaitForStream(name, timeout) {
    return this.#session.WaitForStream(name, timeout);
  }

  /**
   * Asks for chunks of a stream that the peer offers to be fetched.
   *
   * @param {CryoReadable} stream
   * @param {number} start Index of the first chunk.
   * @param {number} end Index behind the last chunk; more than there are, such as Infinity, means all that remain.
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  StreamRequestRange(stream, start, end) {
    return this.#requestRange(stream, start, end);
  }

  /**
   * Sets whether the peer is to push its streams or to offer them to be fetched.
   *
   * @param {number} behaviour One of `CRYO_FLOW_BEHAVIOUR`.
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  SetIncomingFlowControl(behaviour) {
    return this.#session.SetIncomingFlowControl(behaviour);
  }

  /** What a rejected promise of an async listener becomes. */
  [rejection](error, event, ...args) {
    this.#session[rejection](error, event, ...args);
  }
}

module.exports = { CRYO_FLOW_BEHAVIOUR, CryoReadable, CryoTransactionManager };
