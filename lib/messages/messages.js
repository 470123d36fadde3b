"use strict";

// The messages of one session: on their way out until the peer's ACKs settle them, on their way in until they are emitted.

const { COMMAND, OUTCOME } = require("../bridge/codes.js");
const { Inbound } = require("./inbound.js");
const { MAX_PAYLOAD } = require("../options/options.js");
const { handled } = require("../promises.js");
const { BINARY, ERROR, EVENTS, UTF8, bytesOf, textOf, valueIn } = require("./kinds.js");
const { Outbound } = require("./outbound.js");
const { Sends, sessionClosed } = require("./sends.js");
const { setImmediate } = require("../timers.js");

/** How a session ends for which too much waits that can't be dropped, as src/protocol/close.rs has it. */
const OVERFLOW_CODE = 4002;
const OVERFLOW_REASON = "Too much is queued for a peer that does not read.";

/** And one that has lost something that came. */
const LOST_CODE = 4002;
const LOST_REASON = "The server could not take over what has come.";

class Messages {
  #server;
  #session;
  #slot;
  #context;
  #emit;
  /** The promises; none until the first send. */
  #sends = null;
  /** Messages on their way in or out that wait for hooks; made when the first one has to. */
  #inbound = null;
  #outbound = null;
  /** Dropped messages that the application has not been told of yet. */
  #newlyDropped = 0;

  /** The session has not ended. */
  open = true;
  /** Close or Destroy was called: nothing more is sent. */
  leaving = false;

  /**
   * @param {import("../server.js").Internals} server
   * @param {object} session
   * @param {{ slot: number, context: import("../bridge/async-contexts.js").AsyncContext }} identity Its slot, and its asynchronous context.
   * @param {(event: string, ...args: any[]) => void} emit Emits an event of the session; what a listener throws is reported.
   */
  constructor(server, session, { slot, context }, emit) {
    this.#server = server;
    this.#session = session;
    this.#slot = slot;
    this.#context = context;
    this.#emit = emit;
  }

  /** Messages discarded before they got to the queue in Rust. */
  get dropped() {
    return this.#outbound?.dropped ?? 0;
  }

  /** Whether messages that have come wait for hooks. */
  get receiving() {
    return this.#inbound !== null && this.#inbound.busy;
  }

  /** What waits for hooks: `{ bytes, frames }`. */
  get queued() {
    return this.#outbound?.queued ?? { bytes: 0, frames: 0 };
  }

  /** @returns {Promise<void>} Resolves at once: nobody waits for the answer. */
  ping() {
    if (this.open && !this.leaving) this.behindSent(() => this.#server.bridge.command(this.#slot, COMMAND.Ping));
    return Promise.resolve();
  }

  /** @returns {Promise<void>} Resolves when the peer has acknowledged it. */
  sendText(text) {
    return this.#send(UTF8, textOf, "SendUTF8", text);
  }

  /** @returns {Promise<void>} Resolves when the peer has acknowledged it. */
  sendError(text) {
    return this.#send(ERROR, textOf, "SendError", text);
  }

  /** @returns {Promise<void>} Resolves when the peer has acknowledged them. */
  sendBinary(data) {
    return this.#send(BINARY, bytesOf, "SendBinary", data);
  }

  /**
   * Sends a message.
   *
   * @param {number} kind
   * @param {(method: string, payload: unknown, limit: number) => any} check Throws what is wrong with the payload.
   * @param {string} method Which one was called, for error messages.
   * @param {unknown} payload
   * @returns {Promise<void>}
   */
  #send(kind, check, method, payload) {
    const { extensions } = this.#server;
    let value;
    try {
      value = check(method, payload, MAX_PAYLOAD);
    } catch (error) {
      return refused(error);
    }
    if (!this.open || this.leaving) return this.#undeliverable();
    this.#sends ??= new Sends(this.#rejects);
    const promise = this.#sends.promise();
    const { token } = this.#sends;
    const chain = extensions.sendChain(kind);
    if (chain.length === 0 && !this.#outbound?.busy) this.#transmit(kind, token, value);
    else this.#throughHooks(chain, kind, token, value);
    return promise;
  }

  /**
   * Sends what the peer acknowledges and no hook looks at.
   *
   * @param {number} command
   * @param {number} b
   * @param {Uint8Array} bytes
   * @returns {Promise<void>}
   */
  control(command, b, bytes) {
    if (!this.open || this.leaving) return this.#undeliverable();
    this.#sends ??= new Sends(this.#rejects);
    const promise = this.#sends.promise();
    const { token } = this.#sends;
    this.behindSent(() => this.#server.bridge.commandBytes(this.#slot, command, token, bytes, b));
    return promise;
  }

  /** The application does not know the session yet. Parameters as in `Inbound`. */
  hold(begin) {
    this.#incoming().hold(begin);
  }

  /** The session is over, and no hook is to be waited for any longer. */
  hurry() {
    this.#inbound?.hurry();
  }

  /** A message has come. */
  received(kind, payload, ack, verdict) {
    // Also where it was acknowledged already: hooks registered since it was read have a right to see it.
    const chain = this.#server.extensions.receiveChain(kind);
    let value = null;
    try {
      // What waits behind others may wait for long.
      value = valueIn(kind, payload, this.receiving);
    } catch (error) {
      // The message itself is the first one that is forgotten behind it.
      this.lost(error);
    }
    if (!verdict && chain.length === 0 && !this.receiving) return this.#emit(EVENTS[kind], value);
    this.#incoming().push({ kind, value, ack, length: payload.length, verdict, chain });
  }

  /** A message has come whose payload is a parcel. */
  receivedParcel(kind, parcel, ack, verdict) {
    const chain = this.#server.extensions.receiveChain(kind);
    const message = { kind, value: null, ack, length: parcel.length, verdict, chain };
    const inbound = this.#incoming();
    inbound.gather(parcel, (payload) => {
      message.value = valueIn(kind, payload);
    });
    inbound.push(message);
  }

  /** Takes a parcel over and does what has to happen then, behind the messages that have come before. */
  gather(parcel, task) {
    let gathered;
    const inbound = this.#incoming();
    inbound.gather(parcel, (payload) => {
      gathered = payload;
    });
    inbound.behind(() => task(gathered));
  }

  /** Something that has come can't be taken over. */
  lost(error) {
    this.#incoming().lose(error);
  }

  /** `count` sends from token `first` on have ended. */
  settled(first, outcome, count) {
    this.#sends?.settle(first, outcome, count);
    if (outcome !== OUTCOME.Dropped) return;
    // One event for all that are dropped in one turn. They may be by a send, in whose context it would be told.
    if (this.#newlyDropped === 0) setImmediate(() => this.#context.resource.runInAsyncScope(this.#tellDropped, this));
    this.#newlyDropped += count;
  }

  /** Does what has to happen behind the messages that have come before. */
  behindReceived(task) {
    if (this.receiving) this.#inbound.behind(task);
    else task();
  }

  /** Gives a command behind the messages that were sent before. */
  behindSent(command) {
    if (this.#outbound?.busy) this.#outbound.behind(() => (this.open ? command() : undefined));
    else command();
  }

  /** Gives the command to leave behind the messages that were sent before; nothing can be sent after it. */
  leave(command) {
    if (!this.open || this.leaving) return;
    this.leaving = true;
    const leave = () => (this.open ? command() : undefined);
    if (this.#outbound?.busy) this.#outbound.end(leave);
    else leave();
  }

  /**
   * Nothing more is sent.
   *
   * @returns {Promise<void> | null} Resolves when what was sent before is through its hooks, within `closeTimeoutMs`; null where it is.
   */
  finish() {
    this.leaving = true;
    if (!this.open || !this.#outbound?.busy) return null;
    return new Promise((resolve) => this.#outbound.end(resolve));
  }

  /**
   * The session is over.
   *
   * @param {() => void} tell Tells the application, behind the messages that have come before.
   */
  close(tell) {
    this.open = false;
    this.#sends?.close();
    this.#outbound?.close();
    const last = () => {
      this.#tellDropped();
      tell();
    };
    if (this.receiving) this.#inbound.end(last);
    else last();
  }

  #incoming() {
    this.#inbound ??= new Inbound(
      this.#server,
      this.#session,
      { slot: this.#slot, context: this.#context },
      (kind, value) => this.#emit(EVENTS[kind], value),
      () => this.leave(() => this.#server.bridge.commandText(this.#slot, COMMAND.Close, LOST_CODE, LOST_REASON)),
    );
    return this.#inbound;
  }

  #transmit(kind, token, value) {
    const { bridge } = this.#server;
    if (kind === BINARY) bridge.commandBytes(this.#slot, COMMAND.Binary, token, value);
    else bridge.commandText(this.#slot, kind === UTF8 ? COMMAND.Utf8 : COMMAND.Error, token, value);
  }

  #throughHooks(chain, kind, token, value) {
    this.#outbound ??= new Outbound(
      this.#server,
      this.#session,
      (...message) => (this.open ? this.#transmit(...message) : undefined),
      (settled, outcome) => this.settled(settled, outcome, 1),
      () => this.leave(() => this.#server.bridge.commandText(this.#slot, COMMAND.Close, OVERFLOW_CODE, OVERFLOW_REASON)),
    );
    // The caller may write to its buffer again as soon as it has the promise.
    const copy = kind === BINARY ? Buffer.from(value) : value;
    const length = kind === BINARY ? value.length : Buffer.byteLength(value);
    this.#outbound.push({ kind, value: copy, token, length, chain, scope: null });
  }

  #tellDropped() {
    if (this.#newlyDropped === 0) return;
    const messages = this.#newlyDropped;
    this.#newlyDropped = 0;
    this.#emit("dropped", messages);
  }

  /** Whether what can't be acknowledged any more rejects. */
  get #rejects() {
    return this.#server.options.undelivered === "reject";
  }

  /** What a send on a session that is over comes to. */
  #undeliverable() {
    return this.#rejects ? refused(sessionClosed()) : new Promise(() => {});
  }
}

/** A rejection that is no unhandled one where nobody looks at it. */
function refused(error) {
  return handled(() => {
    throw error;
  });
}

module.exports = { LOST_CODE, Messages, OVERFLOW_CODE, OVERFLOW_REASON };
