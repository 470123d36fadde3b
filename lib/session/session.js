"use strict";

// One session, as the application sees it.

const { captureRejectionSymbol } = require("node:events");

const { CryoBaseManager } = require("./base.js");
const { HeartbeatEmitter, ask, rounds } = require("./heartbeat-emitter.js");
const { isCloseCode, reasonText } = require("./leaving.js");
const { makeReplaceable } = require("./replaceable.js");
const { COMMAND } = require("../bridge/codes.js");
const { isLost } = require("../bridge/lost.js");
const { deferred } = require("../promises.js");
const { argumentTypeError } = require("../errors.js");
const { Messages } = require("../messages/messages.js");
const { report, tell } = require("../report.js");
const { CryoTransactionManager } = require("./stream.js");
const { Transactions, isOurProgress } = require("../streams/transactions.js");

/** What the server's side of the library may do with a session and an application may not. */
const internals = {};

class CryoServerWebsocketSession extends HeartbeatEmitter {
  #server;
  #slot;
  #sid;
  #token;
  #type;
  #request;
  #messages;
  #values = null;
  #base = null;
  #stream = null;
  /** None until the first. */
  #transactions = null;
  /** Whether the peer takes part in transactions; null until it has said so. */
  #capable = null;
  /** The last figures, once there is no more to count. */
  #final = null;
  #whenClosed = null;

  static {
    internals.event = (session, kind, payload, ack, verdict) => session.#messages.received(kind, payload, ack, verdict);
    internals.parcel = (session, kind, parcel, ack, verdict) => session.#messages.receivedParcel(kind, parcel, ack, verdict);
    internals.settled = (session, first, outcome, count) => session.#messages.settled(first, outcome, count);
    internals.stats = (session, payload) => rounds.tell(session, payload, (event, value) => session.#emit(event, value));
    internals.connected = (session, capable) => session.#connected(capable);
    internals.transaction = (session, code, a, b, payload) => session.#transaction(code, a, b, payload);
    internals.finish = (session) => session.#messages.finish();
    internals.isClient = (session) => session.#type === "client";
    internals.hold = (session, begin) => session.#messages.hold(begin);
    internals.closed = (session, figures, told) => session.#closed(figures, told);
    internals.hurry = (session) => session.#messages.hurry();
  }

  /**
   * Sessions are made by the server.
   *
   * @param {import("../server.js").Internals} server
   * @param {{ slot: number, context: import("../bridge/async-contexts.js").AsyncContext, sid: bigint, token: string, type: "client" | "peer",
   *   request: object }} identity
   */
  constructor(server, identity) {
    super({ captureRejections: true });
    this.#server = server;
    this.#slot = identity.slot;
    this.#sid = identity.sid;
    this.#token = identity.token;
    this.#type = identity.type;
    this.#request = identity.request;
    this.#messages = new Messages(server, this, identity, (event, ...args) => this.#emit(event, ...args));
  }

  /** The session's name, chosen by the client: an unsigned 64-bit integer. */
  get sid() {
    return this.#sid;
  }

  /** The same as `sid`. */
  get id() {
    return this.#sid;
  }

  /** Bytes received. */
  get rx() {
    return this.#figures().rx;
  }

  /** Bytes sent. */
  get tx() {
    return this.#figures().tx;
  }

  /** Messages discarded by the backpressure policy. */
  get dropped() {
    return this.#figures().dropped + this.#messages.dropped;
  }

  /** What waits to be sent: `{ bytes, frames }`. Bytes that were handed to the socket and not taken yet belong to no frame. */
  get queued() {
    const { queuedBytes, queuedFrames } = this.#figures();
    const hooked = this.#messages.queued;
    return { bytes: queuedBytes + hooked.bytes, frames: queuedFrames + hooked.frames };
  }

  /** The upgrade request this session came from. */
  get request() {
    return this.#request;
  }

  /** The messages, under the names of 3.0.9's typings. */
  get base() {
    this.#base ??= new CryoBaseManager(this.#messages);
    return this.#base;
  }

  /** The streams, under the names of 3.0.9's typings. */
  get stream() {
    this.#stream ??= new CryoTransactionManager(this, () => this.#streams());
    return this.#stream;
  }

  /**
   * Remembers a value.
   *
   * @param {string} key
   * @param {any} value
   */
  Set(key, value) {
    this.#values ??= new Map();
    this.#values.set(key, value);
  }

  /**
   * A value remembered by `Set`; besides, `__TOKEN` is the bearer token and `__TYPE` is `client` or `peer`.
   *
   * @param {string} key
   * @returns {any}
   */
  Get(key) {
    if (this.#values?.has(key)) return this.#values.get(key);
    if (key === "__TOKEN") return this.#token;
    if (key === "__TYPE") return this.#type;
    return undefined;
  }

  /**
   * Sends a ping.
   *
   * @returns {Promise<void>} Resolves at once: nobody waits for the answer.
   */
  SendPing() {
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
   * Sends an error text.
   *
   * @param {string} text
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  SendError(text) {
    return this.#messages.sendError(text);
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

  /** As `stream.Stream`. @returns {Promise<void>} */
  Stream(source, name) {
    return this.#streams().stream(source, name);
  }

  /** As `stream.WaitForStream`. @returns {Promise<import("./stream.js").CryoReadable>} */
  WaitForStream(name, timeout) {
    return this.#streams().wait(name, timeout);
  }

  /** As `stream.StreamRequestRange`. @returns {Promise<void>} */
  StreamFetchRange(stream, start, end) {
    return this.#streams().requestRange("StreamFetchRange", stream, start, end);
  }

  /** As `stream.SetIncomingFlowControl`. @returns {Promise<void>} */
  SetIncomingFlowControl(behaviour) {
    return this.#streams().setFlow(behaviour);
  }

  /**
   * Leaves: what was sent before goes out, then BYE, then the close.
   *
   * @param {string} [reason] What BYE says.
   * @returns {Promise<void>} Resolves when the session is closed.
   */
  Close(reason = "disconnect") {
    const closed = this.#closing();
    const text = reasonText(reason, "disconnect");
    this.#messages.leave(() => this.#server.bridge.commandText(this.#slot, COMMAND.Bye, 0, text));
    return closed;
  }

  /**
   * Leaves without BYE: what was sent before goes out, then the close.
   *
   * @param {number} [code] A WebSocket close code that may be sent: 1000 to 1003, 1007 to 1014, or 3000 to 4999.
   * @param {string} [message] The close reason; cut to 123 bytes.
   */
  Destroy(code = 4000, message = "Closing session.") {
    if (!isCloseCode(code)) {
      throw argumentTypeError("Destroy", code, "a WebSocket close code: 1000 to 1003, 1007 to 1014, or 3000 to 4999");
    }
    const text = reasonText(message, "");
    this.#messages.leave(() => this.#server.bridge.commandText(this.#slot, COMMAND.Close, code, text));
  }

  /** What a rejected promise of an async listener becomes. */
  [captureRejectionSymbol](error, event) {
    report(this.#server.emitter, error, this, `listener of '${String(event)}'`);
  }

  [ask]() {
    if (this.#messages.open) this.#server.bridge.command(this.#slot, COMMAND.Stats);
    return this.#messages.open;
  }

  #emit(event, ...args) {
    tell(this.#server.emitter, this, this, event, args);
  }

  #streams() {
    this.#transactions ??= new Transactions(
      {
        session: this,
        server: this.#server,
        slot: this.#slot,
        dialed: this.#type === "peer",
        isOpen: () => this.#messages.open,
        behind: (command) => this.#messages.behindSent(command),
        send: (command, b, bytes) => this.#messages.control(command, b, bytes),
        emitter: () => this.#stream,
      },
      this.#capable,
    );
    return this.#transactions;
  }

  /** Something about streams. Parameters as in `Receiver` of bridge.js. */
  #transaction(code, a, b, payload) {
    const streams = this.#streams();
    if (payload.isParcel) return this.#messages.gather(payload.parcel(), (gathered) => streams.event(code, a, b, gathered));
    try {
      if (!this.#messages.receiving || isOurProgress(code, b)) return streams.event(code, a, b, payload);
      const kept = payload.kept();
      return this.#messages.behindReceived(() => streams.event(code, a, b, kept));
    } catch (error) {
      if (!isLost(error)) throw error;
      return this.#messages.lost(error);
    }
  }

  #connected(capable) {
    this.#capable = capable;
    this.#transactions?.announced(capable);
    this.#messages.behindReceived(() => this.#emit("connected"));
  }

  #closing() {
    if (!this.#messages.open) return Promise.resolve();
    this.#whenClosed ??= deferred();
    return this.#whenClosed.promise;
  }

  /** @param {() => void} told Called when the application has heard of it. */
  #closed(figures, told) {
    this.#final = figures;
    this.#messages.open = false;
    this.#transactions?.closeOutgoing();
    this.#messages.close(() => {
      try {
        this.#transactions?.closeIncoming();
        this.#emit("closed");
      } finally {
        told();
      }
    });
    // Not behind the hooks: one of them may be who awaits it.
    this.#whenClosed?.resolve();
  }

  #figures() {
    this.#final ??= this.#messages.open ? null : { rx: 0, tx: 0, dropped: 0, queuedBytes: 0, queuedFrames: 0 };
    return this.#final ?? this.#server.counters(this.#slot);
  }
}

// Names that 3.0.9 did not have: an application may have used them for something of its own.
makeReplaceable(CryoServerWebsocketSession.prototype, ["id", "dropped", "queued", "request"]);

module.exports = { CryoServerWebsocketSession, internals };
