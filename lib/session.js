"use strict";

// One session, as the application sees it.

const { EventEmitter } = require("node:events");

const { CryoBaseManager } = require("./base.js");
const { EVENT_COST, ORDER } = require("./codes.js");
const { deferred } = require("./deferred.js");
const { CryoError, argumentTypeError, codes } = require("./errors.js");
const { Lane } = require("./lane.js");
const { report } = require("./report.js");
const { Sends, sessionClosed } = require("./sends.js");
const { CryoTransactionManager } = require("./stream.js");
const { Transactions } = require("./streams/transactions.js");

const rejection = Symbol.for("nodejs.rejection");
const noop = () => {};

/** The kinds of messages, by their number on the border. */
const UTF8 = 0;
const BINARY = 1;
const ERROR = 2;
const EVENTS = ["message-utf8", "message-binary", "message-error"];

/** What the server's side of the library may do with a session and an application may not. */
const internals = {};

class CryoServerWebsocketSession extends EventEmitter {
  #server;
  #slot;
  #sid;
  #token;
  #type;
  #request;
  #open = true;
  /** Close or Destroy was called: nothing more is sent. */
  #leaving = false;
  #sends = null;
  #values = null;
  #base = null;
  #stream = null;
  /** The transactions; none until the first. */
  #transactions = null;
  /** Whether the peer takes part in transactions; null until it has said so. */
  #capable = null;
  /** Messages on their way in or out that wait for hooks. */
  #inbound = null;
  #outbound = null;
  /** The last figures, once there is no more to count. */
  #final = null;
  #whenClosed = null;

  static {
    internals.event = (session, kind, value, ack, length, verdict) => session.#received(kind, value, ack, length, verdict);
    internals.settled = (session, first, outcome, count) => session.#sends?.settle(first, outcome, count);
    internals.deliver = (session, event, ...args) => session.#inOrder(() => session.#emit(event, ...args));
    internals.connected = (session, capable) => session.#connected(capable);
    internals.transaction = (session, code, a, b, payload) => session.#streams().event(code, a, b, payload);
    internals.closed = (session, figures) => session.#closed(figures);
    internals.slot = (session) => session.#slot;
    internals.server = (session) => session.#server;
    internals.isOpen = (session) => session.#open;
  }

  /**
   * Sessions are made by the server.
   *
   * @param {object} server The server's internals: `border`, `extensions`, `options`, `emitter`.
   * @param {{ slot: number, sid: bigint, token: string, type: "client" | "peer", request: object }} identity
   */
  constructor(server, identity) {
    super({ captureRejections: true });
    this.#server = server;
    this.#slot = identity.slot;
    this.#sid = identity.sid;
    this.#token = identity.token;
    this.#type = identity.type;
    this.#request = identity.request;
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

  /** Messages discarded by the back-pressure policy. */
  get dropped() {
    return this.#figures().dropped;
  }

  /** What waits for the socket: `{ bytes, frames }`. */
  get queued() {
    const { queuedBytes, queuedFrames } = this.#figures();
    return { bytes: queuedBytes, frames: queuedFrames };
  }

  /** The upgrade request this session came from. */
  get request() {
    return this.#request;
  }

  /** The messages, under the names of 3.0.9's typings. */
  get base() {
    this.#base ??= new CryoBaseManager(this);
    return this.#base;
  }

  /** The streams, under the names of 3.0.9's typings. */
  get stream() {
    this.#stream ??= new CryoTransactionManager(this);
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

  /** Sends a ping. */
  SendPing() {
    if (this.#open && !this.#leaving) this.#server.border.order(this.#slot, ORDER.Ping);
  }

  /**
   * Sends a text.
   *
   * @param {string} text
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  SendUTF8(text) {
    return this.#text(UTF8, "SendUTF8", text);
  }

  /**
   * Sends an error text.
   *
   * @param {string} text
   * @returns {Promise<void>} Resolves when the peer has acknowledged it.
   */
  SendError(text) {
    return this.#text(ERROR, "SendError", text);
  }

  /**
   * Sends bytes.
   *
   * @param {Buffer | ArrayBuffer | ArrayBufferView} data
   * @returns {Promise<void>} Resolves when the peer has acknowledged them.
   */
  SendBinary(data) {
    const bytes = data instanceof Uint8Array ? data : bytesOf(data);
    if (bytes === null) return refused(argumentTypeError("SendBinary", data, "a Buffer, an ArrayBuffer or a view of one"));
    if (bytes.length > this.#server.options.maxPayload) return refused(tooLarge(bytes.length, this.#server.options.maxPayload));
    return this.#send(BINARY, bytes);
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
    return this.#streams().requestRange(stream, start, end);
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
    this.#leave(() => this.#server.border.orderText(this.#slot, ORDER.Bye, 0, String(reason)));
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
    this.#leave(() => this.#server.border.orderText(this.#slot, ORDER.Close, code, String(message)));
  }

  /** What a rejected promise of an async listener becomes. */
  [rejection](error, event) {
    report(this.#server.emitter, error, this, `listener of '${String(event)}'`);
  }

  #text(kind, method, text) {
    if (typeof text !== "string") return refused(argumentTypeError(method, text, "a string"));
    const limit = this.#server.options.maxPayload;
    if (text.length * 3 > limit) {
      const length = Buffer.byteLength(text);
      if (length > limit) return refused(tooLarge(length, limit));
    }
    return this.#send(kind, text);
  }

  #send(kind, value) {
    if (!this.#open || this.#leaving) return this.#undeliverable();
    this.#sends ??= new Sends(this.#rejects);
    const chain = this.#server.extensions.sendChain(kind);
    if (chain.length === 0 && !this.#outbound?.busy) {
      const promise = this.#sends.promise();
      this.#transmit(kind, this.#sends.token, value);
      return promise;
    }
    return this.#throughHooks(chain, kind, value);
  }

  #transmit(kind, token, value) {
    const { border } = this.#server;
    if (kind === BINARY) border.orderBytes(this.#slot, ORDER.Binary, token, value);
    else border.orderText(this.#slot, kind === UTF8 ? ORDER.Utf8 : ORDER.Error, token, value);
  }

  #throughHooks(chain, kind, value) {
    const { extensions } = this.#server;
    // The caller may write to its buffer again as soon as it has the promise.
    const box = { value: kind === BINARY ? Buffer.from(value) : value };
    this.#outbound ??= new Lane();
    const promise = new Promise((resolve, reject) => {
      this.#outbound.push(async () => {
        // A message that a hook drops counts as done, as in 3.0.9.
        if (chain.length > 0 && !(await extensions.run(chain, kind, this, box))) return resolve();
        if (!this.#open) return this.#rejects ? reject(sessionClosed()) : undefined;
        this.#sends.promise().then(resolve, reject);
        this.#transmit(kind, this.#sends.token, box.value);
      });
    });
    promise.catch(noop);
    return promise;
  }

  #received(kind, value, ack, length, verdict) {
    if (!verdict && !this.#inbound?.busy) return this.#emit(EVENTS[kind], value);
    const { border, extensions } = this.#server;
    border.order(this.#slot, ORDER.Hold, length + EVENT_COST);
    this.#inbound ??= new Lane();
    this.#inbound.push(async () => {
      const box = { value };
      const chain = verdict ? extensions.receiveChain(kind) : [];
      const passed = chain.length === 0 || (await extensions.run(chain, kind, this, box));
      if (this.#open) {
        if (verdict) border.order(this.#slot, ORDER.Acknowledge, ack);
        border.order(this.#slot, ORDER.Release, length + EVENT_COST);
      }
      if (passed) this.#emit(EVENTS[kind], box.value);
    });
  }

  /** Runs what the application has to see behind the messages that came before. */
  #inOrder(task) {
    if (this.#inbound?.busy) this.#inbound.push(task);
    else task();
  }

  #emit(event, ...args) {
    try {
      this.emit(event, ...args);
    } catch (error) {
      report(this.#server.emitter, error, this, `listener of '${event}'`);
    }
  }

  #leave(order) {
    if (!this.#open || this.#leaving) return;
    this.#leaving = true;
    this.#behindHooks(order);
  }

  /** Gives an order behind the messages that are still with their hooks. */
  #behindHooks(order) {
    if (this.#outbound?.busy) this.#outbound.push(() => (this.#open ? order() : undefined));
    else order();
  }

  #streams() {
    this.#transactions ??= new Transactions(
      {
        session: this,
        server: this.#server,
        slot: this.#slot,
        isOpen: () => this.#open,
        behind: (order) => this.#behindHooks(order),
        send: (order, b, bytes) => this.#control(order, b, bytes),
        emitter: () => this.#stream,
      },
      this.#capable,
    );
    return this.#transactions;
  }

  /** Sends what the peer acknowledges and no hook looks at. */
  #control(order, b, bytes) {
    if (!this.#open || this.#leaving) return this.#undeliverable();
    this.#sends ??= new Sends(this.#rejects);
    const promise = this.#sends.promise();
    const { token } = this.#sends;
    this.#behindHooks(() => this.#server.border.orderBytes(this.#slot, order, token, bytes, b));
    return promise;
  }

  /** Whether what can't be acknowledged any more rejects. */
  get #rejects() {
    return this.#server.options.undelivered === "reject";
  }

  /** What a send on a session that is over comes to. */
  #undeliverable() {
    return this.#rejects ? refused(sessionClosed()) : new Promise(noop);
  }

  #connected(capable) {
    this.#capable = capable;
    this.#transactions?.announced(capable);
    this.#inOrder(() => this.#emit("connected"));
  }

  #closing() {
    if (!this.#open) return Promise.resolve();
    this.#whenClosed ??= deferred();
    return this.#whenClosed.promise;
  }

  #closed(figures) {
    this.#final = figures;
    this.#open = false;
    this.#sends?.close();
    this.#transactions?.close();
    this.#inOrder(() => {
      this.#emit("closed");
      this.#whenClosed?.resolve();
    });
  }

  #figures() {
    this.#final ??= this.#open ? null : { rx: 0, tx: 0, dropped: 0, queuedBytes: 0, queuedFrames: 0 };
    return this.#final ?? this.#server.counters(this.#slot);
  }
}

/** Whether a close frame may carry this code (RFC 6455, 7.4, and what was registered since). */
function isCloseCode(code) {
  const within = (first, last) => code >= first && code <= last;
  return Number.isInteger(code) && (within(1000, 1003) || within(1007, 1014) || within(3000, 4999));
}

/** The bytes that a view or an ArrayBuffer covers; null for what is neither. */
function bytesOf(data) {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data);
  return null;
}

function tooLarge(length, limit) {
  return new CryoError(codes.PAYLOAD_TOO_LARGE, `A payload of ${length} bytes is over the limit of ${limit}; stream it instead.`);
}

/** A rejection that is no unhandled one where nobody looks at it. */
function refused(error) {
  const promise = Promise.reject(error);
  promise.catch(noop);
  return promise;
}

module.exports = { CryoServerWebsocketSession, internals };
