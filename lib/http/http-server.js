"use strict";

// `server.http_server`: a real http.Server or https.Server that never listens itself, but says what Rust's listener does,
// and answers the connections that Rust hands over: those whose first request is no upgrade to WebSocket.

const { EventEmitter } = require("node:events");
const http = require("node:http");
const https = require("node:https");

const { EVENT } = require("../bridge/codes.js");
const { isLost } = require("../bridge/lost.js");
const { CryoError, codes } = require("../errors.js");
const { answerAbandoned, settleAbandoned } = require("./abandoned.js");
const { mirrorConnections } = require("./connections.js");
const { guard, guardRequest } = require("./guard.js");
const { alreadyListening, notListening, notRunning } = require("./listening.js");
const { HttpSocket } = require("./socket.js");
const { isCryos, requireUpgrade, serveUpgrade, stopAtUpgrades } = require("./upgrade.js");

const rejection = Symbol.for("nodejs.rejection");

/** What a report of a connection's failure names. */
const CONNECTION = "connection of http_server";

/** Events that bring a request, and with it a response or a socket. */
const REQUESTS = new Set(["request", "checkContinue", "checkExpectation", "upgrade", "connect"]);

/** Listeners without which a request is answered in Rust; the bits are those of src/server/http/passthrough.rs. */
const WANTED = Object.freeze({ request: 1, upgrade: 2, connect: 4 });

/**
 * @typedef {object} Surroundings What it needs of the Cryo server.
 * @property {boolean} secure
 * @property {any} native The `NativeServer`.
 * @property {import("../bridge/async-contexts.js").AsyncContexts} contexts
 * @property {import("./listening.js").Listening} listening
 * @property {import("../liveness.js").Liveness} liveness
 * @property {number} maxConnections The option.
 * @property {() => Promise<void>} destroy Closes the Cryo server.
 * @property {(ssl: any) => void} updateTls Sets another key and certificate.
 * @property {(error: unknown, where: string) => void} failed Reports an error of a listener.
 */

class HttpServerFacade {
  #native;
  #contexts;
  #liveness;
  #failed;
  #secure;
  /** It takes connections. */
  #listening;
  /** It has not closed: connections may be left. */
  #open;
  /** Connections by id. @type {Map<number, HttpSocket>} */
  #sockets = new Map();
  /** Node's own `close`. */
  #close;

  /** The server that the application sees. @type {http.Server | https.Server} */
  server;

  /** @param {Surroundings} surroundings */
  constructor({ secure, native, contexts, listening, liveness, maxConnections, destroy, updateTls, failed }) {
    this.#native = native;
    this.#contexts = contexts;
    this.#liveness = liveness;
    this.#failed = failed;
    this.#secure = secure;
    this.#listening = listening.error === undefined;
    this.#open = this.#listening;
    this.server = createServer(secure ? https : http);
    // That of a tls.Server would begin a handshake.
    if (secure) this.server.removeAllListeners("connection");
    this.#close = this.server.close;
    this.#mirror(listening, destroy);
    mirrorConnections(this.server, { native, maxConnections, call: (callback, where, ...args) => this.#call(callback, where, ...args) });
    if (secure) mirrorTls(this.server, updateTls);
    this.#guard();
    this.#watchListeners();
    // Node.js makes its table of connections on this event. Nobody else hears it yet, and a connection
    // may come before the application is told.
    if (this.#open) this.server.emit("listening");
  }

  /** No more connections are taken, and none may wait for another request: the server is about to end. */
  leave() {
    this.#listening = false;
    this.server.closeIdleConnections();
    // 0 would be for ever. Node.js 20 adds a second to it, whatever the buffer says.
    Object.assign(this.server, { keepAliveTimeout: 1, keepAliveTimeoutBuffer: 0 });
  }

  /** Its last connection is gone or has to go now. */
  closed() {
    this.#listening = false;
    this.#open = false;
    for (const socket of [...this.#sockets.values()]) socket.destroy();
    this.#close.call(this.server);
  }

  /**
   * One event of a connection that Rust has handed over.
   *
   * @param {number} code
   * @param {number} id
   * @param {any} payload
   */
  event(code, id, payload) {
    try {
      this.#event(code, id, payload);
    } catch (error) {
      // What comes behind something lost would be read as another request, or another part of it.
      if (isLost(error)) this.#sockets.get(id)?.onLost(error);
      this.#failed(error, CONNECTION);
    }
  }

  #event(code, id, payload) {
    if (code === EVENT.HttpOpened) return this.#opened(id, payload);
    const socket = this.#sockets.get(id);
    // One that was destroyed here may still have events under way.
    if (socket !== undefined) this.#contexts.run(socket.context, () => this.#happened(socket, code, payload));
  }

  #happened(socket, code, payload) {
    if (code === EVENT.HttpData) socket.onData(payload.buffer());
    else if (code === EVENT.HttpWritable) socket.onDrain();
    else if (code === EVENT.HttpEnd) socket.onEnd();
    else socket.onClosed(payload.text());
  }

  #opened(id, payload) {
    // First: otherwise the next connection would get it.
    const native = this.#native.takeHttpSocket();
    const socket = this.#socket(id, native, payload);
    this.#sockets.set(id, socket);
    this.#contexts.run(socket.context, () => this.#announce(socket));
    stopAtUpgrades(socket);
  }

  #announce(socket) {
    this.server.emit("connection", socket);
    if (this.#secure && !socket.destroyed) this.server.emit("secureConnection", socket);
  }

  #socket(id, native, payload) {
    try {
      const identity = { text: payload.text(), encrypted: this.#secure, context: this.#contexts.make() };
      return new HttpSocket(native, identity, {
        forget: () => this.#sockets.delete(id),
        failed: (error, event) => this.#failed(error, event === null ? CONNECTION : `listener of '${event}' on a ${CONNECTION}`),
      });
    } catch (error) {
      native.destroy();
      throw error;
    }
  }

  /** Makes the server say what Rust's listener does. */
  #mirror({ address, family, port }, destroy) {
    const { server } = this;
    Object.defineProperty(server, "listening", { get: () => this.#listening, configurable: true });
    server.address = () => {
      if (!this.#listening) return null;
      return family === undefined ? address : { address, family, port };
    };
    server.listen = () => {
      throw this.#listening ? alreadyListening() : notListening();
    };
    for (const method of /** @type {const} */ (["ref", "unref"])) {
      server[method] = () => {
        this.#liveness[method]();
        return server;
      };
    }
    let closing = false;
    server.close = (callback) => {
      if (!this.#open) return this.#close.call(server, callback);
      const told = closing ? () => callback(notRunning()) : callback;
      if (typeof callback === "function") server.once("close", told);
      closing = true;
      void destroy();
      return server;
    };
  }

  /** Reports what listeners throw or reject with; a request that got no answer for it gets 500, as Node.js itself does for rejections. */
  #guard() {
    const { server } = this;
    const { emit } = server;
    const begin = this.#secure ? "secureConnection" : "connection";
    const fail = (error, event, args) => {
      this.#failed(error, `listener of '${String(event)}' on http_server`);
      settleAbandoned(error, event, args);
    };
    server.emit = (event, ...args) => {
      if (REQUESTS.has(event)) {
        if (isCryos(event, args)) return serveUpgrade(event, args);
        this.#guardRequest(...args);
      }
      // Nobody listens any more. A new connection is told so in Rust.
      if (event === "request" && server.listenerCount(event) === 0) return requireUpgrade(...args);
      // An `error` that nobody listens for is to be thrown.
      if (event === "error") return emit.call(server, event, ...args);
      try {
        return emit.call(server, event, ...args);
      } catch (error) {
        fail(error, event, args);
        // Node's own listener comes first. Where it has failed, such as for a time-out that is none, nobody reads.
        if (event === begin && args[0].listenerCount("data") === 0) args[0].destroy();
        return true;
      }
    };
    server[rejection] = (error, event, ...args) => fail(error, event, args);
  }

  #guardRequest(request, other) {
    const response = other instanceof http.ServerResponse ? other : null;
    const failed = (error, where) => {
      this.#failed(error, where);
      if (response !== null) answerAbandoned(error, request, response);
    };
    guardRequest(request, response, failed);
    // While the body of an upgrade is still to come, Node.js 26 and later have a stream of their own in the place of the socket.
    if (response === null && !(other instanceof HttpSocket)) guard(other, CONNECTION, failed);
  }

  /** Calls what the application wants to be called. */
  #call(callback, where, ...args) {
    try {
      callback(...args);
    } catch (error) {
      this.#failed(error, where);
    }
  }

  /** Tells Rust which requests anybody listens for. */
  #watchListeners() {
    const { server } = this;
    let wanted = 0;
    const set = (event, present) => {
      const bit = WANTED[event] ?? 0;
      const before = wanted;
      wanted = present ? wanted | bit : wanted & ~bit;
      if (wanted !== before) this.#native.setWanted(wanted);
    };
    server.on("newListener", (event) => set(event, true));
    server.on("removeListener", (event) => set(event, server.listenerCount(event) > 0));
  }
}

/** TLS is Rust's: what Node.js would do with other certificates or keys would go unnoticed. */
function mirrorTls(server, updateTls) {
  server.setSecureContext = updateTls;
  for (const method of ["addContext", "getTicketKeys", "setTicketKeys"]) {
    server[method] = () => {
      const words = `http_server.${method}() is not supported: there is one certificate, and no access to the keys of session tickets.`;
      throw new CryoError(codes.UNSUPPORTED, `${words} Let a proxy do TLS where that is not enough.`);
    };
  }
}

/** A server whose rejected listeners are noticed: its constructor takes no such option, so it is the default meanwhile. */
function createServer(module) {
  const { captureRejections } = EventEmitter;
  EventEmitter.captureRejections = true;
  try {
    return module.createServer();
  } finally {
    EventEmitter.captureRejections = captureRejections;
  }
}

module.exports = { HttpServerFacade, WANTED };
