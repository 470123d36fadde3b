"use strict";

// The server, as the application sees it, and where events from Rust are handed out.

const { EventEmitter, captureRejectionSymbol, errorMonitor } = require("node:events");

const { Admission } = require("./admission/admission.js");
const { Bridge } = require("./bridge/bridge.js");
const { explained, listen } = require("./cluster.js");
const { EVENT, COMMAND } = require("./bridge/codes.js");
const { deferred } = require("./promises.js");
const { argumentError, argumentTypeError } = require("./errors.js");
const { Extensions } = require("./messages/extensions.js");
const { HttpServerFacade } = require("./http/http-server.js");
const { listenError } = require("./http/listening.js");
const { Liveness } = require("./liveness.js");
const { makeNative, serverFailed } = require("./native-server.js");
const { normalizeOptions } = require("./options/options.js");
const { Peers } = require("./peers/peers.js");
const { report, reportOfListener, tell } = require("./report.js");
const { CryoServerWebsocketSession } = require("./session/session.js");
const { Sessions } = require("./session/sessions.js");
const { TimeSlice } = require("./streams/time-slice.js");
const { LONGEST_TIMER, setImmediate } = require("./timers.js");
const { updateTls } = require("./tls.js");

/** What only `cryo()` can give the constructor. */
const MADE_BY_CRYO = Symbol("made by cryo()");

/** How long `Drain()` waits for sessions to leave, in ms, where nobody says otherwise. */
const DRAIN_DEADLINE = 10_000;

/**
 * What sessions, with their messages and streams, know of their server.
 *
 * @typedef {object} Internals
 * @property {Bridge} bridge
 * @property {(slot: number) => { rx: number, tx: number, dropped: number, queuedBytes: number, queuedFrames: number }} counters The figures of an
 *   open session.
 * @property {EventEmitter} emitter The server itself, which errors are reported to.
 * @property {Extensions} extensions
 * @property {Liveness} liveness
 * @property {Readonly<Record<string, any>>} options As `normalizeOptions` returns them.
 * @property {TimeSlice} timeSlice What the outgoing streams of all sessions may take of the event loop.
 * @property {{ used: number }} readAhead Bytes that streams of all sessions keep in temporary files without being asked.
 */

class CryoWebsocketServer extends EventEmitter {
  #native;
  #bridge = new Bridge();
  #liveness;
  #admission;
  #options;
  #extensions;
  #http;
  #sessions;
  #peers;
  #destroyed = null;
  /** When draining ends. */
  #deadline;
  /** Lets go of a port that is shared with other processes. */
  #release;

  /**
   * Servers are made by `cryo()`.
   *
   * @param {{ validate(token: string, request: import("./admission/request.js").UpgradeRequest): Promise<boolean> | boolean }} validator
   * @param {Readonly<Record<string, any>>} options As `normalizeOptions` returns them.
   * @param {symbol} maker
   */
  constructor(validator, options, maker) {
    if (maker !== MADE_BY_CRYO) throw argumentError("CryoWebsocketServer takes no `new`: call cryo(validator, options).");
    super({ captureRejections: true });
    this.#admission = new Admission(this, validator, options);
    this.#options = options;
    this.#native = makeNative(options, this.#bridge);
    this.#liveness = new Liveness(this.#native);
    this.#bridge.attach(this.#native, {
      event: (code, slot, a, b, payload) => this.#deliver(code, slot, a, b, payload),
    });
    this.#extensions = new Extensions(this, (kinds) => this.#native.setHooks(kinds));
    this.#peers = new Peers(this.#native, options.handshakeTimeoutMs, this.#liveness);
    /** @type {Internals} */
    const internals = {
      bridge: this.#bridge,
      counters: (slot) => this.#native.counters(slot),
      emitter: this,
      extensions: this.#extensions,
      liveness: this.#liveness,
      options,
      timeSlice: new TimeSlice(),
      readAhead: { used: 0 },
    };
    this.#sessions = new Sessions(internals, this.#admission, this.#peers);
    this.#listen();
  }

  /** The underlying HTTP server: its address, its `request` and `error` events. */
  get http_server() {
    return this.#http.server;
  }

  /**
   * Adds an extension: its hooks see every message from now on.
   *
   * @param {any} extension An object with a `name` and any of the hooks.
   */
  RegisterExtension(extension) {
    this.#extensions.register(extension);
  }

  /**
   * Removes an extension.
   *
   * @param {any} extension The extension, or its name.
   */
  UnregisterExtension(extension) {
    this.#extensions.unregister(extension);
  }

  /**
   * @param {string} name
   * @returns {any} The extension of that name, or null.
   */
  GetExtension(name) {
    return this.#extensions.get(name);
  }

  /**
   * Connects to another server as a client.
   *
   * @param {string} host A ws: or wss: URL, or a host and port.
   * @param {string} bearer The token for the other server's validator.
   * @returns {Promise<CryoServerWebsocketSession>} A session of type `peer`.
   * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT`.
   * @throws {import("./errors.js").CryoError} `ERR_CRYO_PEER_...`, `ERR_CRYO_SERVER_CLOSED`.
   */
  ConnectPeer(host, bearer) {
    return this.#peers.connect(host, bearer);
  }

  /**
   * Takes no more connections, tells all sessions to leave, and closes.
   *
   * @returns {Promise<void>} Resolves when all is closed; bounded by three times `closeTimeoutMs`, one of which only send hooks take.
   */
  Destroy() {
    this.#native.drain();
    const hooks = this.#sessions.finish();
    if (hooks === null) this.#stop();
    else void hooks.then(() => this.#stop());
    return this.#ending();
  }

  /**
   * Takes no more connections, lets the sessions there are go on, and destroys what is left of them at the deadline.
   *
   * @param {number} [deadlineMs] 0 to 2^31-1.
   * @returns {Promise<void>} Resolves when all is closed.
   */
  Drain(deadlineMs = DRAIN_DEADLINE) {
    if (!(typeof deadlineMs === "number" && deadlineMs >= 0 && deadlineMs <= LONGEST_TIMER)) {
      throw argumentTypeError("Drain", deadlineMs, `a number of milliseconds from 0 to ${LONGEST_TIMER}`);
    }
    if (this.#destroyed === null) {
      this.#native.drain();
      this.#deadline = setTimeout(() => void this.Destroy(), deadlineMs);
    }
    return this.#ending();
  }

  /**
   * Uses another key and certificate from the next connection on; those there are keep theirs.
   *
   * @param {{ key: Buffer | string, cert: Buffer | string }} ssl
   * @throws {TypeError} `ERR_CRYO_INVALID_OPTION` where they can't be used, or the server has no TLS; nothing changes then.
   */
  UpdateTLS(ssl) {
    updateTls(this.#native, this.#options.ssl !== undefined, ssl);
  }

  /** @returns {string} Figures of this server in the Prometheus text format, version 0.0.4. */
  Metrics() {
    return this.#native.metrics();
  }

  /** What a rejected promise of an async listener becomes. */
  [captureRejectionSymbol](error, event, ...args) {
    // `report` would have it told to the listener that has failed, again and again.
    if (event === "error" || event === errorMonitor) return reportOfListener(error, args[0], args[2]);
    const session = args[0] instanceof CryoServerWebsocketSession ? args[0] : null;
    report(this, error, session, `listener of '${String(event)}'`);
  }

  #ending() {
    if (this.#destroyed === null) {
      this.#destroyed = deferred();
      this.#liveness.hold();
      this.#peers.close();
      const { listening } = this.#http.server;
      this.#http.leave();
      // Nothing runs that could stop.
      if (!listening) this.#stopped();
    }
    return this.#destroyed.promise;
  }

  #listen() {
    const { listening, release } = listen(this.#native, this.#options);
    this.#release = release;
    this.#http = new HttpServerFacade({
      secure: this.#options.ssl !== undefined,
      native: this.#native,
      contexts: this.#bridge.contexts,
      listening,
      liveness: this.#liveness,
      maxConnections: this.#options.maxConnections,
      destroy: () => this.Destroy(),
      updateTls: (ssl) => this.UpdateTLS(ssl),
      failed: (error, where) => report(this, error, null, where),
    });
    if (listening.error === undefined) {
      // Not on the next tick: `await cryo(...)` comes back before it in some places and after it in others.
      setImmediate(() => {
        if (this.#destroyed !== null) return;
        tell(this, null, this, "listening", []);
        this.#http.server.emit("listening");
      });
      return;
    }
    // Nothing runs, so nothing must keep the process alive.
    this.#native.end();
    this.#liveness.end();
    this.#peers.close();
    const error = explained(listenError(listening), this.#options);
    setImmediate(() => this.#http.server.emit("error", error));
  }

  /** As `Receiver` of bridge.js: whatever goes wrong with one event, the rest of the batch is delivered. */
  #deliver(code, slot, a, b, payload) {
    try {
      return this.#event(code, slot, a, b, payload);
    } catch (error) {
      report(this, error, this.#sessions.at(slot), "delivery");
      return true;
    }
  }

  /** One event from Rust; true when application code ran. */
  #event(code, slot, a, b, payload) {
    if (this.#sessions.event(code, slot, a, b, payload)) return true;
    switch (code) {
      case EVENT.Validate:
        this.#validate(slot, payload.slice(0, a), payload.slice(a, payload.length));
        return true;
      case EVENT.Abandoned:
        this.#admission.forget(slot);
        return false;
      case EVENT.PeerFailed:
        this.#peers.failed(slot, payload.slice(0, payload.length));
        return true;
      case EVENT.Occupied:
        this.#liveness.changed(a === 1);
        return false;
      case EVENT.Stopped:
        // Not in the context of whichever client's event was the last one.
        this.#bridge.contexts.run(this.#bridge.contexts.make(), () => this.#stopped(a === 1 ? serverFailed(payload.text()) : null));
        return true;
      default:
        this.#http.event(code, slot, payload);
        return true;
    }
  }

  /** In an asynchronous context of the client's own, as `Sessions` has one for what follows. */
  #validate(number, token, text) {
    void this.#bridge.contexts.run(this.#bridge.contexts.make(), async () => {
      this.#bridge.command(number, COMMAND.Answer, await this.#admission.judge(number, token, text));
    });
  }

  #stop() {
    this.#bridge.flush();
    this.#native.stop();
  }

  /** @param {Error | null} [failure] What has ended it, if nobody asked it to end. */
  #stopped(failure = null) {
    clearTimeout(this.#deadline);
    this.#release();
    this.#native.end();
    this.#liveness.end();
    this.#peers.close();
    this.#extensions.end();
    this.#http.closed();
    this.#destroyed ??= deferred();
    this.#destroyed.resolve();
    if (failure !== null) report(this, failure, null, "I/O thread");
  }
}

/**
 * Starts a server. It listens at once and emits `listening` later.
 *
 * @param {{ validate(token: string, request: import("./admission/request.js").UpgradeRequest): Promise<boolean> | boolean }} validator
 *   Decides who may connect.
 * @param {Record<string, any>} [options] See types/options.d.ts.
 * @returns {CryoWebsocketServer}
 * @throws {TypeError | RangeError} When an option is not what it should be.
 */
function cryo(validator, options) {
  return new CryoWebsocketServer(validator, normalizeOptions(validator, options), MADE_BY_CRYO);
}

module.exports = { CryoWebsocketServer, cryo };
