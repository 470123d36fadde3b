"use strict";

// `ConnectPeer`: connections to other servers, from the call until there is a session or an error.

const dns = require("node:dns");
const { isIP } = require("node:net");

const { AsyncContext } = require("../bridge/async-contexts.js");
const { deferred } = require("../promises.js");
const { CryoError, argumentTypeError, codes, secretTypeError } = require("../errors.js");
const { byName } = require("../system-errors.js");
const { mustVerify, trustedRoots } = require("./trust.js");

const SCHEME = /^([a-z][a-z\d+.-]*):\/\//i;
/** What to speak for a URL's scheme; browsers take http for WebSocket too. */
const SPOKEN = { "ws:": "ws:", "http:": "ws:", "wss:": "wss:", "https:": "wss:" };

/** Bytes of a URL and a bearer: more than any server takes in the head of a request. */
const LONGEST_REQUEST = 64 * 1024;

/**
 * A connection under way.
 *
 * @typedef {object} Call
 * @property {URL} url
 * @property {string} bearer
 * @property {AsyncContext} context The asynchronous context of the caller, which is to be the session's.
 * @property {boolean} over Its promise is settled.
 * @property {NodeJS.Timeout} [timer] Runs while the name is being resolved; from then on Rust watches the time.
 * @property {(session: object) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {Promise<any>} promise
 */

class Peers {
  #native;
  #timeout;
  #liveness;
  /** @type {Map<number, Call>} By the number that Rust calls them. */
  #calls = new Map();
  #next = 0;
  #closed = false;
  /** What Rust was told to trust. @type {Buffer | null} */
  #roots = null;

  /**
   * @param {any} native The `NativeServer`.
   * @param {number} timeout Time for a whole connection, in ms.
   * @param {import("../liveness.js").Liveness} liveness
   */
  constructor(native, timeout, liveness) {
    this.#native = native;
    this.#timeout = timeout;
    this.#liveness = liveness;
  }

  /**
   * Connects to another server.
   *
   * @param {string} host A ws: or wss: URL, or a host and port.
   * @param {string} bearer
   * @returns {Promise<object>} The session.
   * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT`.
   * @throws {CryoError} `ERR_CRYO_PEER_...`, `ERR_CRYO_SERVER_CLOSED`.
   */
  async connect(host, bearer) {
    const url = parseHost(host);
    if (typeof bearer !== "string") throw secretTypeError("ConnectPeer's bearer", bearer, "a string");
    if (url.href.length + Buffer.byteLength(bearer) > LONGEST_REQUEST) {
      throw argumentTypeError("ConnectPeer", `${url.host}/...`, `a URL and a bearer of up to ${LONGEST_REQUEST} bytes together`);
    }
    if (this.#closed) throw serverClosed();
    const call = { url, bearer, context: AsyncContext.here(), over: false, ...deferred() };
    const number = this.#next++ >>> 0;
    this.#calls.set(number, call);
    this.#liveness.hold();
    void this.#start(number, call);
    return call.promise;
  }

  /** The asynchronous context for the session of a call. @param {number} number @returns {AsyncContext} */
  contextOf(number) {
    return this.#calls.get(number).context;
  }

  /**
   * The connection is there. Its call is over once its session exists.
   *
   * @param {number} number
   * @returns {Call}
   */
  opened(number) {
    return this.#end(number);
  }

  /**
   * The connection failed.
   *
   * @param {number} number
   * @param {string} text Why: what src/server/handshake/peer.rs writes.
   */
  failed(number, text) {
    const { url, reject } = this.#end(number);
    const [kind, reason, ...rest] = text.split("\n");
    reject(FAILURES[kind](url.host, reason, rest, this.#timeout));
  }

  /** The server is going: nothing under way is waited for. */
  close() {
    this.#closed = true;
    for (const call of this.#calls.values()) {
      call.over = true;
      clearTimeout(call.timer);
      call.reject(serverClosed());
      // The connection may be there, and its event on the way: nobody else would ever end that session.
      call.resolve = (session) => session.Destroy();
    }
  }

  async #start(number, call) {
    const { url, bearer } = call;
    const started = performance.now();
    const late = () => this.#fail(number, FAILURES.timeout(url.host, "", [], this.#timeout));
    call.timer = setTimeout(late, this.#timeout);
    try {
      const host = url.hostname.replace(/^\[|\]$/g, "");
      // By Node's own resolver: its order of addresses and its errors are those that applications know.
      const addresses = isIP(host) ? [host] : await lookup(host);
      if (call.over) return;
      clearTimeout(call.timer);
      const secure = url.protocol === "wss:";
      this.#native.connectPeer(number, {
        host,
        authority: url.host,
        path: url.pathname + url.search,
        addresses,
        port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
        tls: secure ? this.#trust(url.host) : "none",
        token: bearer,
        timeoutMs: Math.max(1, this.#timeout - (performance.now() - started)),
      });
    } catch (cause) {
      this.#fail(number, cause instanceof CryoError ? cause : unreachable(url.host, cause));
    }
  }

  /** Fails a call that Rust does not know. */
  #fail(number, error) {
    this.#end(number)?.reject(error);
  }

  #end(number) {
    const call = this.#calls.get(number);
    if (call === undefined) return undefined;
    this.#calls.delete(number);
    this.#liveness.release();
    clearTimeout(call.timer);
    call.over = true;
    return call;
  }

  /** @param {string} host For errors. */
  #trust(host) {
    if (!mustVerify()) return "unverified";
    const roots = trustedRoots();
    // Reading as many as Node.js has takes Rust milliseconds.
    if (roots !== this.#roots) this.#tellRoots(roots, host);
    return "verified";
  }

  #tellRoots(roots, host) {
    try {
      this.#native.trustRoots(roots);
      this.#roots = roots;
    } catch (error) {
      // There is not one among them.
      throw FAILURES.tls(host, error.message);
    }
  }
}

/**
 * @param {unknown} host
 * @returns {URL} With the scheme ws: or wss:.
 * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT`.
 */
function parseHost(host) {
  const takes = "a URL such as ws://127.0.0.1:8080 or wss://example.com, or host:port";
  if (typeof host !== "string") throw secretTypeError("ConnectPeer's host", host, takes);
  const text = SCHEME.test(host) ? host : `ws://${host}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  const protocol = SPOKEN[url?.protocol];
  if (protocol === undefined || url.username !== "" || url.password !== "") {
    throw argumentTypeError("ConnectPeer's host", withoutSecrets(host), takes);
  }
  url.protocol = protocol;
  return url;
}

/** What may be told of a host that can't be connected to: nothing of a user, a password or a query, however it is misspelt. */
function withoutSecrets(host) {
  const [scheme] = SCHEME.exec(host) ?? [""];
  const rest = host.slice(scheme.length);
  const user = rest.lastIndexOf("@");
  const query = rest.search(/[?#]/);
  // A password with a question mark, or a query with an at sign.
  if (query !== -1 && query < user) return `${scheme}...`;
  const start = user === -1 ? scheme : `${scheme}...@`;
  return query === -1 ? start + rest.slice(user + 1) : `${start}${rest.slice(user + 1, query + 1)}...`;
}

async function lookup(host) {
  const found = await dns.promises.lookup(host, { all: true });
  return found.map(({ address }) => address);
}

/** Errors by the word that src/server/handshake/peer.rs has for them. */
const FAILURES = {
  unreachable: (host, reason, rest) => unreachable(host, systemError(reason, ...rest)),
  tls: (host, reason) =>
    new CryoError(codes.PEER_TLS, `There is no trusted TLS connection to ${host}: ${reason}.${advice(reason)}`),
  refused: (host, reason, [status, ...body]) => refused(host, reason, Number(status), body.join("\n")),
  timeout: (host, _reason, _rest, timeout) =>
    new CryoError(
      codes.PEER_TIMEOUT,
      `${host} did not complete the handshake within ${timeout} ms (handshakeTimeoutMs). Is it reachable, and is it a Cryo server?`,
    ),
};

/** What to do about a TLS error, where that is in this process's hands. */
function advice(reason) {
  if (!reason.includes("UnknownIssuer")) return "";
  return " Add its root certificate with NODE_EXTRA_CA_CERTS.";
}

function refused(host, reason, status, body) {
  const said = status === 0 || status === 101 ? `: ${reason}` : ` with ${status} ${reason}`;
  const error = new CryoError(codes.PEER_REFUSED, `${host} refused the connection${said}.`);
  return Object.assign(error, { status: status === 0 ? undefined : status, reason, body });
}

function unreachable(host, cause) {
  return new CryoError(codes.PEER_UNREACHABLE, `There is no connection to ${host}: ${cause.message}`, { cause });
}

/** What Node's own socket would emit. */
function systemError(reason, syscall, code, address, port) {
  const where = address === "" ? reason : `${address}:${port}`;
  const error = new Error(syscall === "connect" ? `connect ${code} ${where}` : `${syscall} ${code}: ${reason}`);
  return Object.assign(error, { errno: byName(code)?.errno, code, syscall, address, port: Number(port) });
}

function serverClosed() {
  return new CryoError(codes.SERVER_CLOSED, "The server is not listening or was destroyed, so it can't connect to peers.");
}

module.exports = { Peers };
