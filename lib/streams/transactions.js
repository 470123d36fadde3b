"use strict";

// All transactions of one session: what the application asks for, and what comes from Rust.

const { EVENT, EVENT_COST, FLOW, COMMAND, SIDE, STREAM_COST } = require("../bridge/codes.js");
const { handled } = require("../promises.js");
const { CryoError, argumentTypeError, codes } = require("../errors.js");
const { StreamContext } = require("./context.js");
const { Incoming } = require("./incoming.js");
const { checkName } = require("./name.js");
const { Outgoing } = require("./outgoing.js");
const { CryoReadable } = require("./readable.js");
const { Readiness } = require("./readiness.js");
const { openSource } = require("./source.js");

const MAX_U32 = 2 ** 32 - 1;
const noop = () => {};

class Transactions {
  #context;
  #readiness = new Readiness();
  #incoming;
  #outgoing;

  /**
   * @param {import("./context.js").Surroundings} surroundings
   * @param {boolean | null} capable Whether the peer takes part, where that is known already.
   */
  constructor(surroundings, capable) {
    this.#context = new StreamContext(surroundings);
    this.#incoming = new Incoming(this.#context);
    this.#outgoing = new Outgoing(this.#context, (txId) => this.#incoming.has(txId));
    if (capable !== null) this.announced(capable);
    if (this.#context.isOpen) return;
    this.closeOutgoing();
    this.closeIncoming();
  }

  /** `Stream()` of the session. */
  stream(source, name = "anonymous") {
    return handled(() => {
      const pieces = openSource(source, this.#context.options.streamChunkBytes);
      try {
        checkName("Stream", name);
      } catch (error) {
        pieces.destroy();
        throw error;
      }
      return this.#streamWhenReady(pieces, name);
    });
  }

  /** `WaitForStream()` of the session. */
  wait(name = "anonymous", timeout = 2500) {
    return handled(() => {
      checkName("WaitForStream", name);
      if (typeof timeout !== "number" || !(timeout >= 0)) {
        throw argumentTypeError("WaitForStream", timeout, "a time in ms, 0 or more, as its timeout");
      }
      return this.#incoming.claim(name, timeout);
    });
  }

  /** `StreamFetchRange()` of the session, and `StreamRequestRange()`. */
  requestRange(method, stream, start, end) {
    return handled(() => {
      if (!(stream instanceof CryoReadable)) throw argumentTypeError(method, stream, "a stream of WaitForStream");
      // Its number may be another one's by now, or here.
      if (!this.#incoming.isCurrent(stream)) throw argumentTypeError(method, stream, "a stream of this session, before its number is used again");
      const range = Buffer.alloc(8);
      range.writeUInt32LE(checkedIndex(method, start), 0);
      range.writeUInt32LE(end === Infinity ? MAX_U32 : checkedIndex(method, end), 4);
      return this.#context.send(COMMAND.TxFetch, stream.txId, range);
    });
  }

  /** `SetIncomingFlowControl()` of the session. */
  setFlow(behaviour) {
    return handled(async () => {
      if (behaviour !== FLOW.Push && behaviour !== FLOW.Pull) {
        throw argumentTypeError("SetIncomingFlowControl", behaviour, "0 (TX_PUSH) or 1 (TX_PULL)");
      }
      const begun = await this.#whenReady(() => this.#context.send(COMMAND.TxFlow, behaviour, Buffer.alloc(0)));
      return begun === null ? new Promise(noop) : begun.settled;
    });
  }

  /** An event from Rust. Those that the peer caused count as unread there until they are released. */
  event(code, a, b, payload) {
    switch (code) {
      case EVENT.TxStart: {
        const { length } = payload;
        this.#incoming.start(a, b | 0, payload.text());
        return this.#context.release(length + STREAM_COST);
      }
      case EVENT.TxChunk:
        return this.#incoming.chunk(a, payload.own());
      case EVENT.TxFinish:
        this.#incoming.finish(a);
        return this.#context.release(EVENT_COST);
      case EVENT.TxCancel:
        if (b === SIDE.Theirs) this.#incoming.cancel(a);
        else this.#outgoing.cancel(a, new CryoError(codes.STREAM_CANCELLED, "The peer cancelled the stream."));
        return this.#context.release(EVENT_COST);
      case EVENT.TxFetch:
        if (!this.#outgoing.fetch(a, payload.u32(0), payload.u32(4))) this.#context.release(EVENT_COST);
        return undefined;
      case EVENT.TxFlow:
        this.#outgoing.flowChanged(a);
        return this.#context.release(EVENT_COST);
      case EVENT.TxSettled:
        return this.#outgoing.settled(a, b & 0xff, b >>> 8);
      case EVENT.TxRoom:
        return this.#outgoing.room(a);
      default:
        return undefined;
    }
  }

  /** The peer has announced itself. @param {boolean} capable */
  announced(capable) {
    this.#readiness.announced(capable);
    if (!capable) this.#incoming.refuse(() => this.#readiness.obstacle);
  }

  /** The session is over: nothing more is sent. */
  closeOutgoing() {
    this.#readiness.close();
    this.#outgoing.sessionClosed();
  }

  /** The session is over, and everything received has been delivered. */
  closeIncoming() {
    this.#incoming.sessionClosed();
  }

  async #streamWhenReady(pieces, name) {
    let begun;
    try {
      begun = await this.#whenReady(() => this.#outgoing.stream(pieces, name));
    } catch (error) {
      // Without transactions it can't be sent at all.
      pieces.destroy();
      throw error;
    }
    // Without a session it is cut short.
    return begun === null ? pieces.destroy() : begun.settled;
  }

  /**
   * Begins something when transactions can begin.
   *
   * @param {() => Promise<void>} begin
   * @returns {Promise<{ settled: Promise<void> } | null>} How that settles; null where the session is over and that is no reason to reject.
   */
  async #whenReady(begin) {
    try {
      return await this.#readiness.run(() => ({ settled: begin() }));
    } catch (error) {
      if (error.code === codes.SESSION_CLOSED && this.#context.options.undelivered !== "reject") return null;
      throw error;
    }
  }
}

/** Whether an event only lets a stream of ours go on, or ends it. It must not wait for a receive hook, which may be who awaits that stream. */
function isOurProgress(code, b) {
  if (code === EVENT.TxCancel) return b === SIDE.Ours;
  return code === EVENT.TxFetch || code === EVENT.TxFlow || code === EVENT.TxSettled || code === EVENT.TxRoom;
}

function checkedIndex(method, index) {
  if (Number.isInteger(index) && index >= 0 && index <= MAX_U32) return index;
  throw argumentTypeError(method, index, `chunk indices from 0 to ${MAX_U32}`);
}

module.exports = { Transactions, isOurProgress };
