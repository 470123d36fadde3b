// A Cryo client for browsers and Node.js: it connects, and after a lost connection comes back under the same session id.

import { TYPE } from "./frames.mjs";
import { CLOSE, Session } from "./session.mjs";

/** Close codes after which trying again would end the same way: the protocol was violated. */
const HOPELESS = new Set([1002, 1003, 1007, 1008, 1009, CLOSE.CLIENT_FAULT]);
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 8000;

/**
 * Events, each with its value in `detail`:
 *
 * | event | detail |
 * |---|---|
 * | `open` | none; connected, also after a reconnect |
 * | `text`, `binary`, `peer-error` | `string`, `Uint8Array`, `string`: a message |
 * | `stream` | an `IncomingStream` |
 * | `close` | `{ code, reason, retryMs }`; `retryMs` is null when the client stays away |
 */
export class CryoClient extends EventTarget {
  #url;
  #WebSocket;
  #session = null;
  #retries = 0;
  #timer = null;
  #leaving = false;
  /** Bytes of connections that ended. */
  #past = { rx: 0, tx: 0 };

  /**
   * @param {object} options
   * @param {string | URL} options.url Such as `wss://example.com`.
   * @param {string} options.token
   * @param {bigint} [options.sid] Names the session: unsigned, 64 bits. Default: a random one.
   * @param {typeof WebSocket} [options.WebSocket] For runtimes that have none, such as Node.js 20: that of the package `ws`.
   */
  constructor({ url, token, sid = randomSid(), WebSocket = globalThis.WebSocket }) {
    super();
    this.sid = sid;
    this.#WebSocket = WebSocket;
    this.#url = new URL(url);
    this.#url.searchParams.set("authorization", `Bearer ${token}`);
    this.#url.searchParams.set("x-cryo-sid", String(sid));
  }

  get connected() {
    return this.#session?.open ?? false;
  }

  /** Bytes received. */
  get rx() {
    return this.#past.rx + (this.#session?.rx ?? 0);
  }

  /** Bytes sent. */
  get tx() {
    return this.#past.tx + (this.#session?.tx ?? 0);
  }

  /** Bytes waiting to be sent. */
  get buffered() {
    return this.#session?.buffered ?? 0;
  }

  /**
   * @returns {Promise<void>} Resolves when connected. Rejects when the first attempt fails: refused (a browser doesn't say
   *   why), or nobody there.
   */
  connect() {
    return new Promise((resolve, reject) => {
      this.addEventListener("open", () => resolve(), { once: true });
      this.#dial((code) => reject(new Error(`The server refused the connection or is not there (${code}).`)));
    });
  }

  /**
   * @param {string} text
   * @returns {Promise<void>} Resolves when the server has acknowledged it. Rejects, as all of these do, when the connection
   *   is lost first or not there; who doesn't care may leave the promise alone.
   */
  sendText(text) {
    return this.#converse((session) => session.send(TYPE.UTF8DATA, { payload: text }));
  }

  /** @param {Uint8Array} bytes @returns {Promise<void>} Resolves when the server has acknowledged it. */
  sendBinary(bytes) {
    return this.#converse((session) => session.send(TYPE.BINARYDATA, { payload: bytes }));
  }

  /** Sends a stream; see `Outgoing.push`. */
  sendStream(source, options) {
    return this.#converse((session) => session.stream(source, options));
  }

  /** Sets how streams come, one of `FLOW`; see `Session.setFlow`. */
  setFlow(behaviour) {
    return this.#converse((session) => session.setFlow(behaviour));
  }

  /** @returns {Promise<number>} The round trip in ms. */
  ping() {
    return this.#converse((session) => session.ping());
  }

  /** Leaves for good. */
  close(reason) {
    this.#leaving = true;
    clearTimeout(this.#timer);
    this.#session?.leave(reason);
  }

  /** @param {(session: Session) => Promise<any>} action Something that needs a connection. */
  #converse(action) {
    const promise = this.#session === null ? Promise.reject(new Error("Not connected.")) : action(this.#session);
    promise.catch(() => {}); // a rejection that nobody looks at is no unhandled one
    return promise;
  }

  /** @param {(code: number) => void} [refused] Takes the place of another try. */
  #dial(refused) {
    const socket = new this.#WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    let connected = false;
    this.#session = new Session(this.sid, socket, {
      connected: () => {
        connected = true;
        this.#retries = 0;
        this.#tell("open");
      },
      text: (text) => this.#tell("text", text),
      binary: (bytes) => this.#tell("binary", bytes),
      error: (text) => this.#tell("peer-error", text),
      stream: (stream) => this.#tell("stream", stream),
    });
    socket.addEventListener("error", () => {}); // a close follows and says more
    socket.addEventListener("close", ({ code, reason }) => {
      this.#past = { rx: this.rx, tx: this.tx };
      this.#session = null;
      if (!connected && refused !== undefined) refused(code);
      else this.#lost(code, reason);
    });
  }

  #lost(code, reason) {
    const stays = this.#leaving || HOPELESS.has(code);
    const retryMs = stays ? null : Math.min(FIRST_RETRY_MS * 2 ** this.#retries++, LAST_RETRY_MS);
    this.#tell("close", { code, reason, retryMs });
    if (retryMs !== null && !this.#leaving) this.#timer = setTimeout(() => this.#dial(), retryMs);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** `crypto.getRandomValues` is there on plain http pages, too. */
function randomSid() {
  return crypto.getRandomValues(new BigUint64Array(1))[0];
}
