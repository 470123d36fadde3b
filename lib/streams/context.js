"use strict";

// What the streams of a session may do with it: commands to Rust, events and reports to the application.

const { COMMAND } = require("../bridge/codes.js");
const { isHeard } = require("../emit.js");
const { report, tell } = require("../report.js");
const { setImmediate } = require("../timers.js");

/** Bytes that may be handled without telling Rust, which then is told once for many chunks. */
const UNTOLD = 64 * 1024;
/**
 * Bytes that all of the server's streams together may have in temporary files that nobody has asked for. Less would not do: one stream that is to
 * be fetched may be as long as that, and has to announce it.
 */
const MAX_READ_AHEAD = 2 ** 31 - 1;

/** Of all servers: what has something to tell Rust when the turn of the event loop is over. @type {Set<StreamContext>} */
let owing = new Set();

function settleAll() {
  const contexts = owing;
  owing = new Set();
  for (const context of contexts) context.settle();
}

/**
 * @typedef {object} Surroundings What the session gives.
 * @property {object} session
 * @property {import("../server.js").Internals} server
 * @property {number} slot
 * @property {boolean} dialed Whether this side has connected to the other.
 * @property {() => boolean} isOpen Whether the slot is still the session's.
 * @property {(task: () => void) => void} behind Runs a task behind the messages whose hooks are still at work.
 * @property {(command: number, b: number, bytes: Uint8Array) => Promise<void>} send Sends a frame; resolves at its ACK.
 * @property {() => import("node:events").EventEmitter | null} emitter `session.stream`, if anybody has asked for it.
 */

class StreamContext {
  #around;
  #untold = 0;
  #mayUntold;

  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.#around = surroundings;
    // Well below the limit at which the socket is not read: what is untold must not keep it unread.
    this.#mayUntold = Math.min(UNTOLD, surroundings.server.options.maxUnreadBytes >>> 2);
  }

  /** The server's options. */
  get options() {
    return this.#around.server.options;
  }

  /** What the outgoing streams of all sessions may take of the event loop. @returns {import("./time-slice.js").TimeSlice} */
  get timeSlice() {
    return this.#around.server.timeSlice;
  }

  /** What streams of all sessions keep in temporary files without being asked. @returns {{ used: number }} In bytes. */
  get readAhead() {
    return this.#around.server.readAhead;
  }

  /** Whether somebody who keeps `own` bytes of these may keep more. Everybody may keep a little, whatever others do. */
  mayReadAhead(own) {
    return this.readAhead.used <= MAX_READ_AHEAD || own < this.options.maxStreamBytes;
  }

  /** Whether this side has connected to the other. */
  get dialed() {
    return this.#around.dialed;
  }

  /** Whether there is still anybody to send to. */
  get isOpen() {
    return this.#around.isOpen();
  }

  /** Gives a command about the session; see `Bridge`. */
  command(command, a = 0, b = 0) {
    if (this.isOpen) this.#around.server.bridge.command(this.#around.slot, command, a, b);
  }

  /** The same, with bytes. */
  commandBytes(command, a, b, bytes) {
    if (this.isOpen) this.#around.server.bridge.commandBytes(this.#around.slot, command, a, bytes, b);
  }

  /** The same, with a text. */
  commandText(command, a, b, text) {
    if (this.isOpen) this.#around.server.bridge.commandText(this.#around.slot, command, a, text, b);
  }

  /** Runs a task behind the messages whose hooks are still at work. */
  behind(task) {
    this.#around.behind(task);
  }

  /** Sends a frame that the peer acknowledges. @returns {Promise<void>} */
  send(command, b, bytes) {
    return this.#around.send(command, b, bytes);
  }

  /** Counts received bytes as unread again. */
  hold(bytes) {
    this.command(COMMAND.Hold, bytes);
  }

  /** Counts received bytes as read. */
  release(bytes) {
    this.#untold += bytes;
    if (this.#untold > this.#mayUntold) this.settle();
    else this.#settleSoon();
  }

  /** What is read, but counts as unread in Rust until it is told. */
  get untold() {
    return this.#untold;
  }

  /** Tells it. */
  settle() {
    if (this.#untold > 0) this.command(COMMAND.Release, this.#untold);
    this.#untold = 0;
  }

  /** However little it is: where streams keep nearly as much as may wait, that little keeps the socket unread, and nothing comes behind it. */
  #settleSoon() {
    if (owing.size === 0) setImmediate(settleAll);
    owing.add(this);
  }

  /** Whether anybody listens for an event of `session.stream`. */
  listens(event) {
    const emitter = this.#around.emitter();
    return emitter !== null && emitter.listenerCount(event) > 0;
  }

  /** Whether anybody would get an event of `session.stream`. */
  isHeard(event) {
    const emitter = this.#around.emitter();
    return emitter !== null && isHeard(emitter, event);
  }

  /** Emits an event of `session.stream`. */
  emit(event, ...args) {
    const { server, session, emitter } = this.#around;
    const stream = emitter();
    if (stream !== null) tell(server.emitter, session, stream, event, args);
  }

  /** Reports what went wrong in the application. */
  report(error, where) {
    report(this.#around.server.emitter, error, this.#around.session, where);
  }
}

module.exports = { StreamContext };
