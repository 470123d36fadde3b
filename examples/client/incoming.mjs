// Streams the peer sends. By default it pushes them at us. After TX_FLOW with behaviour 1 it only offers them, and we pull
// the chunks we want with TX_FETCH.

import { TYPE } from "./frames.mjs";

/** Behaviours of TX_FLOW. */
export const FLOW = Object.freeze({ PUSH: 0, PULL: 1 });

/** A stream the peer began. */
export class IncomingStream {
  #session;
  #expected = 0;
  #controller;

  /**
   * @param {import("./session.mjs").Session} session
   * @param {{ txId: number, name: string, byteLength: number }} start The TX_START.
   * @param {number} flow As it was when the stream began.
   */
  constructor(session, { txId, name, byteLength }, flow) {
    this.#session = session;
    this.txId = txId;
    this.name = name;
    /** In bytes; -1 while unknown. */
    this.byteLength = byteLength;
    this.flow = flow;
    /** The data. Cancelling it tells the peer to stop. */
    this.readable = new ReadableStream({
      start: (controller) => (this.#controller = controller),
      cancel: () => this.#session.dropIncoming(txId),
    });
  }

  /**
   * Asks for chunks of an offered stream, counted as the sender cut them.
   *
   * @param {number} start Index of the first.
   * @param {number} end Index behind the last; past the end of the stream it means all that remain.
   * @returns {Promise<void>} Resolves when the peer has acknowledged the request, not when the chunks are here.
   */
  fetch(start, end) {
    return this.#session.send(TYPE.TX_FETCH, { txId: this.txId, start, end });
  }

  /** A chunk came. What was fetched comes in the order of the requests; what is pushed must be gapless. */
  chunk({ seq, payload }) {
    if (this.flow === FLOW.PUSH && seq !== this.#expected++) throw new RangeError(`Chunk ${seq} of '${this.name}' is out of turn.`);
    this.#controller.enqueue(payload);
  }

  finish() {
    this.#controller.close();
  }

  fail(error) {
    this.#controller.error(error);
  }
}

export class Incoming {
  #session;
  #streams = new Map();
  flow = FLOW.PUSH;

  /** @param {import("./session.mjs").Session} session */
  constructor(session) {
    this.#session = session;
  }

  /** @returns {IncomingStream} */
  start(frame) {
    this.cancel(frame.txId, "The peer used the stream's number again.");
    const stream = new IncomingStream(this.#session, frame, this.flow);
    this.#streams.set(frame.txId, stream);
    return stream;
  }

  chunk(frame) {
    this.#streams.get(frame.txId)?.chunk(frame);
  }

  finish(txId) {
    this.#streams.get(txId)?.finish();
    this.#streams.delete(txId);
  }

  /** The sender gave up. */
  cancel(txId, reason = "The sender cancelled the stream.") {
    this.#streams.get(txId)?.fail(new Error(reason));
    this.#streams.delete(txId);
  }

  /** We gave up. @returns {boolean} Whether there is a sender to be told. */
  drop(txId) {
    return this.#streams.delete(txId);
  }

  /** The connection is gone. */
  fail(error) {
    for (const stream of this.#streams.values()) stream.fail(error);
    this.#streams.clear();
  }
}
