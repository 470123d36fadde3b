"use strict";

// A connection whose requests Node.js answers: what a net.Socket or TLSSocket would be, with the socket itself in Rust.

const { Duplex } = require("node:stream");

const { emitGuarded } = require("../emit.js");
const { byName } = require("../system-errors.js");
const { tlsMembers } = require("./tls-members.js");
const { timerDuration } = require("./timer-duration.js");

/** Bytes that are reported as consumed at a time; less than Rust lets be under way, so that reading never stalls for it. */
const CREDIT = 64 * 1024;
/** Bytes up to which parts that are written together become one buffer: above, a system call more costs less than the copy. */
const JOINED = 64 * 1024;

/**
 * @typedef {object} Owner
 * @property {() => void} forget Called when nothing more of the connection concerns it.
 * @property {(error: unknown, event: string | null) => void} failed A listener of that event threw or rejected; without an event, the
 *   connection broke and nobody listens for `error`.
 *
 * @typedef {object} Identity
 * @property {string} text What src/server/http/passthrough.rs says of it: both ends' addresses, and what `tlsMembers` takes.
 * @property {boolean} encrypted
 * @property {import("../bridge/async-contexts.js").AsyncContext} context Its asynchronous context.
 */

class HttpSocket extends Duplex {
  #native;
  #owner;
  /** Bytes that came and were not reported as consumed. */
  #unconsumed = 0;
  /** It was given back: what still comes is Cryo's, too. */
  #isReturned = false;
  /** Bytes the socket has taken. */
  #taken = 0;
  /** What the socket did not take at once: tried again when it may, until it is true; then the callback is due. */
  #waiting = null;
  #timer = null;

  /** What its events are delivered in. @type {import("../bridge/async-contexts.js").AsyncContext} */
  context;
  /** Bytes received. */
  bytesRead = 0;
  /** Idle time in ms after which `timeout` is emitted; 0 for never. */
  timeout = 0;
  /** Always connected already. */
  connecting = false;
  /** No Nagle algorithm to wait for, no name to be looked up. */
  pending = false;

  /**
   * @param {any} native The `NativeHttpSocket`.
   * @param {Identity} identity
   * @param {Owner} owner
   */
  constructor(native, { text, encrypted, context }, owner) {
    super({ allowHalfOpen: true });
    this.context = context;
    this.#native = native;
    this.#owner = owner;
    const [remoteAddress, remotePort, localAddress, localPort, ...tls] = text.split("\n");
    Object.assign(this, end("remote", remoteAddress, remotePort), end("local", localAddress, localPort));
    if (encrypted) Object.assign(this, tlsMembers(tls, () => this.destroyed));
  }

  /** Node.js calls listeners when it sees fit: what one throws then would end the process, as would an error that nobody listens for. */
  emit(event, ...args) {
    // What a net.Socket tells with it, and a Duplex does not.
    if (event === "close") args[0] ??= this.errored !== null;
    return emitGuarded(this, event, args, this.#owner.failed);
  }

  /** Bytes written, those included that still wait. */
  get bytesWritten() {
    return this.#taken + this.writableLength;
  }

  get readyState() {
    if (this.destroyed) return "closed";
    if (this.readable) return this.writable ? "open" : "readOnly";
    return this.writable ? "writeOnly" : "closed";
  }

  /** @returns {{ address?: string, family?: string, port?: number }} This end's address. */
  address() {
    const { localAddress: address, localFamily: family, localPort: port } = /** @type {any} */ (this);
    return address === undefined ? {} : { address, family, port };
  }

  /**
   * Emits `timeout` when nothing has come or gone for a while.
   *
   * @param {number} milliseconds 0 for never; above 2^31-1 it is that, with a warning.
   * @param {() => void} [callback] Added as a listener, or with 0 removed.
   * @returns {this}
   * @throws {TypeError | RangeError} As a net.Socket's, for what is no time.
   */
  setTimeout(milliseconds, callback) {
    if (this.destroyed) return this;
    const duration = timerDuration(milliseconds);
    clearTimeout(this.#timer);
    this.timeout = milliseconds;
    if (milliseconds === 0) {
      this.#timer = null;
      if (callback !== undefined) this.removeListener("timeout", callback);
      return this;
    }
    this.#timer = setTimeout(() => this.emit("timeout"), duration).unref();
    if (callback !== undefined) this.once("timeout", callback);
    return this;
  }

  /** Nothing is ever delayed. */
  setNoDelay() {
    return this;
  }

  /** Dead connections are noticed by Node's own HTTP timeouts. */
  setKeepAlive() {
    return this;
  }

  /** What keeps the process alive is the server. */
  ref() {
    return this;
  }

  unref() {
    return this;
  }

  /** Closes as soon as everything is written. */
  destroySoon() {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", this.destroy);
  }

  /** Closes at once. That the client may see an end rather than a reset is no harm. @returns {this} */
  resetAndDestroy() {
    return this.destroy();
  }

  /** @param {Buffer} bytes What came. */
  onData(bytes) {
    if (this.#isReturned) return this.#native.giveBack(bytes, bytes.length);
    if (this.destroyed) return;
    this.#timer?.refresh();
    this.bytesRead += bytes.length;
    this.#unconsumed += bytes.length;
    if (this.push(bytes)) this.#consume();
  }

  /** Something that came can't be delivered, and what comes behind it is nothing without it. */
  onLost(error) {
    if (this.#isReturned) this.#leave();
    else this.destroy(error);
  }

  /** The client sends no more. */
  onEnd() {
    if (this.destroyed) return;
    this.push(null);
    // As a net.Socket does, so that it is noticed also where nobody reads.
    this.read(0);
  }

  /** The socket may take more now. */
  onDrain() {
    if (this.#waiting === null) return;
    this.#timer?.refresh();
    const { attempt, callback } = this.#waiting;
    if (!attempt()) return;
    this.#waiting = null;
    callback();
  }

  /** @param {string} code What broke the connection; empty if nothing did. */
  onClosed(code) {
    // What was given back goes on without it.
    if (this.#isReturned) this.#owner.forget();
    else if (code === "") this.destroy();
    else this.destroy(Object.assign(new Error(`read ${code}`), { errno: byName(code)?.errno, code, syscall: "read" }));
  }

  /**
   * Gives the connection back to Cryo, and is destroyed here.
   *
   * @param {Buffer[]} parts What Cryo goes on with. Behind it comes what was not read here yet, and what is still under way to here.
   */
  giveBack(...parts) {
    // Nobody hears what is Cryo's.
    this.removeAllListeners("data");
    for (let unread; (unread = this.read()) !== null; ) parts.push(unread);
    this.#isReturned = true;
    this.#native.giveBack(Buffer.concat(parts), this.#unconsumed);
    this.#unconsumed = 0;
    this.destroy();
  }

  _read() {
    this.#consume();
  }

  _write(chunk, _encoding, callback) {
    this.#send([chunk], callback);
  }

  _writev(entries, callback) {
    const buffers = entries.map(({ chunk }) => chunk);
    const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    this.#send(length > JOINED ? buffers : [Buffer.concat(buffers, length)], callback);
  }

  _final(callback) {
    this.#try(() => this.#native.end(), callback);
  }

  _destroy(error, callback) {
    clearTimeout(this.#timer);
    if (!this.#isReturned) this.#leave();
    const waiting = this.#waiting;
    this.#waiting = null;
    callback(error);
    waiting?.callback(error ?? Object.assign(new Error("The socket was destroyed before it took this"), { code: "ERR_STREAM_DESTROYED" }));
  }

  #leave() {
    this.#native.destroy();
    this.#owner.forget();
  }

  #consume() {
    if (this.#unconsumed < CREDIT) return;
    this.#native.consume(this.#unconsumed);
    this.#unconsumed = 0;
  }

  #send(buffers, callback) {
    let index = 0;
    let offset = 0;
    this.#try(() => {
      for (; index < buffers.length; index++, offset = 0) {
        const rest = offset === 0 ? buffers[index] : buffers[index].subarray(offset);
        const taken = this.#native.write(rest);
        this.#taken += taken;
        offset += taken;
        if (taken < rest.length) return false;
      }
      return true;
    }, callback);
  }

  #try(attempt, callback) {
    this.#timer?.refresh();
    if (attempt()) callback();
    else this.#waiting = { attempt, callback };
  }
}

/** One end's address under the names a net.Socket has for it; undefined over a Unix domain socket. */
function end(name, address, port) {
  const known = address !== "";
  return {
    [`${name}Address`]: known ? address : undefined,
    [`${name}Family`]: known ? (address.includes(":") ? "IPv6" : "IPv4") : undefined,
    [`${name}Port`]: known ? Number(port) : undefined,
  };
}

module.exports = { HttpSocket };
