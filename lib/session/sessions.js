"use strict";

// The sessions of a server by their slots, and the events from Rust that are about them.

const { EVENT, FLAG, COMMAND } = require("../bridge/codes.js");
const { tell } = require("../report.js");
const { UpgradeRequest } = require("../admission/request.js");
const { afterContinuations } = require("../messages/turns.js");
const { rounds } = require("./heartbeat-emitter.js");
const { CryoServerWebsocketSession, internals } = require("./session.js");
const { Succession } = require("./succession.js");

/** By its number, whether an event is about a session; of the others, the slot is something else's number. */
const ABOUT_SESSIONS = [];
for (const name of ["Utf8", "Binary", "Error", "Settled", "Opened", "Connected", "Stats", "Closed"]) ABOUT_SESSIONS[EVENT[name]] = true;
for (const name of Object.keys(EVENT).filter((key) => key.startsWith("Tx"))) ABOUT_SESSIONS[EVENT[name]] = true;

const noop = () => {};

class Sessions {
  #shared;
  #admission;
  #peers;
  #bySlot = [];
  /** The asynchronous context of each. @type {import("../bridge/async-contexts.js").AsyncContext[]} */
  #contexts = [];
  /** Which one of them, and of other clients', is entered. @type {import("../bridge/async-contexts.js").AsyncContexts} */
  #allContexts;
  #succession = new Succession();

  /**
   * @param {import("../server.js").Internals} shared
   * @param {import("../admission/admission.js").Admission} admission Knows the handshakes that sessions come from.
   * @param {import("../peers/peers.js").Peers} peers Knows the calls of `ConnectPeer`.
   */
  constructor(shared, admission, peers) {
    this.#shared = shared;
    this.#allContexts = shared.bridge.contexts;
    this.#admission = admission;
    this.#peers = peers;
  }

  /**
   * Nothing more is sent by any of them.
   *
   * @returns {Promise<any> | null} Resolves when what was sent before is through its hooks; null where it is.
   */
  finish() {
    const busy = this.#bySlot.map((session) => session && internals.finish(session)).filter(Boolean);
    return busy.length > 0 ? Promise.all(busy) : null;
  }

  /** @returns {CryoServerWebsocketSession | null} */
  at(slot) {
    return this.#bySlot[slot] ?? null;
  }

  /** One event; false when it was about no session. Parameters as in `Receiver` of bridge.js. */
  event(code, slot, a, b, payload) {
    if (ABOUT_SESSIONS[code] !== true) return false;
    if (code === EVENT.Opened) this.#contexts[slot] = a === 0 ? this.#allContexts.make() : this.#peers.contextOf(payload.u32(8));
    const context = this.#contexts[slot];
    // What the socket has taken may be told after the session's end.
    if (context === undefined) return true;
    if (this.#allContexts.enter(context)) this.#handle(code, slot, a, b, payload);
    else context.resource.runInAsyncScope(this.#handle, this, code, slot, a, b, payload);
    return true;
  }

  #handle(code, slot, a, b, payload) {
    const session = this.#bySlot[slot];
    switch (code) {
      case EVENT.Utf8:
      case EVENT.Error:
      case EVENT.Binary:
        return message(session, code, a, payload);
      case EVENT.Settled:
        return internals.settled(session, a, b & 0xff, b >>> 8);
      case EVENT.Opened:
        return a === 0 ? this.#opened(slot, payload) : this.#openedPeer(slot, payload);
      case EVENT.Connected:
        return internals.connected(session, a === 1);
      case EVENT.Stats:
        return internals.stats(session, payload);
      case EVENT.Closed:
        return this.#closed(slot, payload);
      default:
        return internals.transaction(session, code, a, b, payload);
    }
  }

  #opened(slot, payload) {
    const { token, request } = this.#admission.take(payload.u32(8));
    const identity = { slot, context: this.#contexts[slot], sid: payload.u64(0), token, type: "client", request };
    const session = new CryoServerWebsocketSession(this.#shared, identity);
    this.#bySlot[slot] = session;
    if (this.#succession.has(session.sid)) this.#announceLater(session, this.#contexts[slot]);
    else this.#announce(session);
  }

  #announce(session) {
    const { emitter } = this.#shared;
    tell(emitter, session, emitter, "session", [session]);
    rounds.known(session);
  }

  /** Behind `closed` of the session before it, and in its own context all the same. */
  #announceLater(session, { resource }) {
    const begin = (begun) => {
      this.#announce(session);
      begun();
    };
    const later = (begun) => afterContinuations(() => resource.runInAsyncScope(begin, undefined, begun));
    internals.hold(session, (begun) => this.#succession.wait(session.sid, () => later(begun)));
  }

  #openedPeer(slot, payload) {
    this.#shared.liveness.hold();
    const { bearer, resolve } = this.#peers.opened(payload.u32(8));
    const request = new UpgradeRequest(payload.slice(12, payload.length));
    const identity = { slot, context: this.#contexts[slot], sid: payload.u64(0), token: bearer, type: "peer", request };
    const session = new CryoServerWebsocketSession(this.#shared, identity);
    this.#bySlot[slot] = session;
    // Who awaits it has its turn before the session's next event.
    resolve(session);
    afterContinuations(() => rounds.known(session));
  }

  #closed(slot, payload) {
    const session = this.#bySlot[slot];
    this.#bySlot[slot] = undefined;
    this.#contexts[slot] = undefined;
    // A peer's sid names it at another server only.
    const passed = internals.isClient(session) ? this.#succession.ended(session.sid, () => internals.hurry(session)) : noop;
    if (!internals.isClient(session)) this.#shared.liveness.release();
    const told = () => {
      // Not before: until then its connection counts, with all that waits for a hook.
      this.#shared.bridge.command(slot, COMMAND.Free);
      passed();
    };
    const figures = { rx: payload.double(0), tx: payload.double(1), dropped: payload.double(2), queuedBytes: 0, queuedFrames: 0 };
    internals.closed(session, figures, told);
  }
}

/** A message of kind `code` and number `ack`. */
function message(session, code, ack, payload) {
  const verdict = (payload.flags & FLAG.VERDICT) !== 0;
  if (payload.isParcel) internals.parcel(session, code, payload.parcel(), ack, verdict);
  else internals.event(session, code, payload, ack, verdict);
}

module.exports = { Sessions };
