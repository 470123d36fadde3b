"use strict";

// The streams that a session sends.

const { FLOW } = require("../bridge/codes.js");
const { sessionClosed } = require("../messages/sends.js");
const { Pull } = require("./pull.js");
const { Push } = require("./push.js");
const { Window } = require("./window.js");

/** The first number on the side that connected; the other begins with 0, so that two servers' streams don't meet. */
const FIRST_DIALED = 2 ** 31;

class Outgoing {
  #context;
  #isTaken;
  /** By number. */
  #streams = new Map();
  #nextId;
  #flow = FLOW.Push;
  /** What all streams share. */
  #shared;

  /**
   * @param {import("./context.js").StreamContext} context
   * @param {(txId: number) => boolean} isTaken Whether the peer has an open stream of that number.
   */
  constructor(context, isTaken) {
    this.#context = context;
    this.#isTaken = isTaken;
    this.#nextId = context.dialed ? FIRST_DIALED : 0;
    this.#shared = {
      context,
      window: new Window(context),
      memory: { used: 0 },
      forget: ({ txId }) => this.#streams.delete(txId),
    };
  }

  /**
   * Begins a stream. The peer must be known to take part in transactions.
   *
   * @param {import("./source.js").Source} source
   * @param {string} name
   * @returns {Promise<void>} As `Stream()`.
   */
  stream(source, name) {
    const kind = this.#flow === FLOW.Pull ? Pull : Push;
    const stream = new kind(this.#shared, this.#takeId(), name, source);
    this.#streams.set(stream.txId, stream);
    void stream.run();
    return stream.promise;
  }

  /** How the peer wants the streams that begin from now on. */
  flowChanged(behaviour) {
    this.#flow = behaviour;
  }

  /** A step of a stream was acknowledged, or will not be. */
  settled(txId, step, outcome) {
    this.#streams.get(txId)?.settled(step, outcome);
  }

  /** The peer asks for chunks. @returns {boolean} Whether the request is kept. */
  fetch(txId, start, end) {
    this.#context.emit("tx-fetch", txId, start, end);
    return this.#streams.get(txId)?.fetch(start, end) ?? false;
  }

  /** The peer wants no more of a stream. @param {Error} error */
  cancel(txId, error) {
    this.#streams.get(txId)?.end(error);
  }

  /** There is room for chunks. */
  room(left) {
    this.#shared.window.room(left);
  }

  /** The session is over. */
  sessionClosed() {
    for (const stream of [...this.#streams.values()]) stream.end(sessionClosed());
  }

  /** A number that neither side uses at the moment: TX_CANCEL does not say whose stream it means. */
  #takeId() {
    while (this.#streams.has(this.#nextId) || this.#isTaken(this.#nextId)) this.#nextId = (this.#nextId + 1) >>> 0;
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    return id;
  }
}

module.exports = { Outgoing };
