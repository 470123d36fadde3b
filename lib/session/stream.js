"use strict";

// `session.stream`: transactions, under the names of 3.0.9's typings.

const { EventEmitter, captureRejectionSymbol } = require("node:events");

const { FLOW } = require("../bridge/codes.js");
const { CryoReadable } = require("../streams/readable.js");

/** Who sets the pace of a transaction: its sender, or its receiver. */
const CRYO_FLOW_BEHAVIOUR = Object.freeze({ TX_PUSH: FLOW.Push, TX_PULL: FLOW.Pull });

/** The transactions of a session. Emits `tx-start`, `tx-chunk`, `tx-finish` and `tx-fetch`. */
class CryoTransactionManager extends EventEmitter {
  #session;
  #transactions;

  /**
   * @param {import("./session.js").CryoServerWebsocketSession} session Reports what listeners reject with.
   * @param {() => import("../streams/transactions.js").Transactions} transactions Does the work. Not the session: an application may have put
   *   methods of its own over its.
   */
  constructor(session, transactions) {
    super({ captureRejections: true });
    this.#session = session;
    this.#transactions = transactions;
  }

  /**
   * Streams data to the peer, no faster than the peer reads.
   *
   * @param {any} source A Node.js or WHATWG stream, or an (async) iterable, of Buffers, views or strings.
   * @param {string} [name] Default: `anonymous`.
   * @returns {Promise<void>} Settles when the stream is through, or was cut short.
   */
  Stream(source, name) {
    return this.#transactions().stream(source, name);
  }

  /**
   * Waits for a stream of the peer, or takes one that has come already.
   *
   * @param {string} [name] Default: `anonymous`.
   * @param {number} [timeout] In ms. Default: 2500.
   * @returns {Promise<CryoReadable>}
   */
  WaitForStream(name, timeout) {
    return this.#transactions().wait(name, timeout);
  }

  /**
   * Asks for chunks of a stream that the peer offers to be fetched.
   *
   * @param {CryoReadable} stream
   * @param {number} start Index of the first chunk.
   * @param {number} end Index after the last chunk (exclusive). More than there are, such as Infinity, means all that remain.
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  StreamRequestRange(stream, start, end) {
    return this.#transactions().requestRange("StreamRequestRange", stream, start, end);
  }

  /**
   * Sets whether the peer is to push its streams or to offer them to be fetched.
   *
   * @param {number} behaviour One of `CRYO_FLOW_BEHAVIOUR`.
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  SetIncomingFlowControl(behaviour) {
    return this.#transactions().setFlow(behaviour);
  }

  /** What a rejected promise of an async listener becomes. */
  [captureRejectionSymbol](error, event, ...args) {
    this.#session[captureRejectionSymbol](error, event, ...args);
  }
}

module.exports = { CRYO_FLOW_BEHAVIOUR, CryoReadable, CryoTransactionManager };
