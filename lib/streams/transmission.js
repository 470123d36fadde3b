"use strict";

// One outgoing stream: what pushed and fetched ones have in common, from TX_START to the promise of `Stream()`.

const { COMMAND, OUTCOME, STEP } = require("../bridge/codes.js");
const { deferred } = require("../promises.js");
const { CryoError, codes } = require("../errors.js");
const { shownName } = require("./name.js");

/**
 * @typedef {object} Shared What the outgoing streams of a session share.
 * @property {import("./context.js").StreamContext} context
 * @property {import("./window.js").Window} window
 * @property {{ used: number }} memory Bytes of fetched streams that are kept in memory.
 * @property {(stream: Transmission) => void} forget
 */

class Transmission {
  #shared;
  #name;
  #started = deferred();
  #done = deferred();
  #begun = false;

  /**
   * @param {Shared} shared
   * @param {number} txId
   * @param {string} name
   * @param {import("./source.js").Source} source
   */
  constructor(shared, txId, name, source) {
    this.#shared = shared;
    this.txId = txId;
    this.#name = name;
    /** What messages show of its name. */
    this.shown = shownName(name);
    this.source = source;
  }

  /** Settled: nothing of it is sent any more. */
  over = false;

  /** How `Stream()` settles. */
  get promise() {
    return this.#done.promise;
  }

  get shared() {
    return this.#shared;
  }

  /**
   * Sends TX_START.
   *
   * @param {number} byteLength -1 where it is unknown.
   * @returns {Promise<boolean>} True at its ACK; false when the stream is over.
   */
  start(byteLength) {
    const { context } = this.#shared;
    context.behind(() => {
      if (this.over) return;
      this.#begun = true;
      context.commandText(COMMAND.TxStart, this.txId, byteLength, this.#name);
      // It may be megabytes, and is said.
      this.#name = "";
    });
    return this.#started.promise;
  }

  /**
   * Sends a chunk as soon as there is room for it.
   *
   * @returns {boolean | Promise<boolean>} False when the stream is over. No promise where none is needed: most chunks wait for nothing.
   */
  chunk(seq, bytes) {
    if (this.over) return false;
    if (this.#shared.window.take(bytes.length)) return this.#transmit(seq, bytes);
    return this.#shared.window.wait(this, bytes.length).then((room) => room && this.#transmit(seq, bytes));
  }

  /** Sends TX_FINISH. */
  finish() {
    if (!this.over) this.#shared.context.command(COMMAND.TxFinish, this.txId);
  }

  /** A step was acknowledged, or will not be. */
  settled(step, outcome) {
    if (outcome !== OUTCOME.Acknowledged) {
      this.#tellCancelled();
      this.end(new CryoError(codes.ACK_TIMEOUT, `The peer did not acknowledge the stream '${this.shown}' within 2500 ms.`));
    } else if (step === STEP.Start) this.#started.resolve(true);
    else this.finished();
  }

  /** TX_FINISH was acknowledged. */
  finished() {
    this.end(null);
  }

  /** The peer asks for chunks, which a stream that is pushed takes no notice of. @returns {boolean} Whether the request is kept. */
  fetch() {
    return false;
  }

  /** The source has failed. */
  fail(cause) {
    const error = new CryoError(codes.STREAM_SOURCE, `The source of the stream '${this.shown}' failed.`, { cause });
    this.abort(error, "source of a stream");
  }

  /**
   * Ends it for what is not the peer's doing.
   *
   * @param {CryoError} error
   * @param {string} where What has failed.
   */
  abort(error, where) {
    if (this.over) return;
    this.#tellCancelled();
    if (!this.#rejects) this.#shared.context.report(error, where);
    this.end(error);
  }

  /**
   * Ends it, once.
   *
   * @param {CryoError | null} error Why it was cut short, if it was.
   */
  end(error) {
    if (this.over) return;
    this.over = true;
    const { context, window, forget } = this.#shared;
    if (error === null) context.command(COMMAND.TxForget, this.txId);
    forget(this);
    window.abandon(this);
    this.#started.resolve(false);
    this.source.destroy();
    // As in 3.0.9, unless it is to reject: an application that never caught anything must not begin to.
    if (error !== null && this.#rejects) this.#done.reject(error);
    else this.#done.resolve();
  }

  get #rejects() {
    return this.#shared.context.options.undelivered === "reject";
  }

  #transmit(seq, bytes) {
    this.#shared.context.commandBytes(COMMAND.TxChunk, this.txId, seq, bytes);
    return true;
  }

  #tellCancelled() {
    if (this.#begun) this.#shared.context.command(COMMAND.TxCancel, this.txId);
  }
}

module.exports = { Transmission };
