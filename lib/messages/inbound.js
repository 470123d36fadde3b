"use strict";

// What a session has received while receive hooks look at it, or while it is taken over step by step: messages, and events that have to keep
// their place among them.

const { EVENT_COST, COMMAND } = require("../bridge/codes.js");
const { isLost } = require("../bridge/lost.js");
const { report } = require("../report.js");
const { Chain } = require("./chain.js");
const { Lane } = require("./lane.js");
const { afterContinuations } = require("./turns.js");

/**
 * @typedef {import("./chain.js").Message & Arrived} Message
 * @typedef {ReturnType<import("../bridge/parcels.js").Parcels["make"]>} Parcel
 *
 * @typedef {object} Arrived
 * @property {number} ack
 * @property {number} length Bytes of its payload.
 * @property {boolean} verdict Whether it is to be acknowledged after its hooks.
 */

class Inbound {
  #server;
  #session;
  #slot;
  /** What runs things in the client's asynchronous context. */
  #resource;
  #deliver;
  #broke;
  #lane = new Lane(
    (item, turn) => this.#handle(item, turn),
    // What the hooks and listeners of the one before have entered is not its own.
    (item, turn) => this.#resource.runInAsyncScope(this.#handle, this, item, turn),
  );
  /** What the lane has to take over. @type {Set<Parcel>} */
  #parcels = new Set();
  #chain;
  /** The turn of the message that is with its hooks. */
  #turn = 0;
  /** A message is with its hooks, of which one may never settle. Nothing else takes longer than the event loop lets it. */
  #hooked = false;
  /** Something that has come is lost: nothing behind it may be delivered as if that was not missing. */
  #broken = false;
  /** The session is over: there is nobody to acknowledge to. */
  #ended = false;
  /** What is still with its hooks comes too late. */
  #abandoned = false;
  /** What has to happen behind the last message, once the session is over. @type {(() => void) | null} */
  #last = null;
  /** The application does not know the session yet. */
  #held = false;
  #timer;

  /**
   * @param {import("../server.js").Internals} server
   * @param {object} session
   * @param {{ slot: number, context: import("../bridge/async-contexts.js").AsyncContext }} identity Its slot, and its asynchronous context.
   * @param {(kind: number, value: any) => void} deliver Gets each message that passes.
   * @param {() => void} broke Called when something is lost, and all that waited behind it is forgotten.
   */
  constructor(server, session, { slot, context }, deliver, broke) {
    this.#server = server;
    this.#session = session;
    this.#slot = slot;
    this.#resource = context.resource;
    this.#deliver = deliver;
    this.#broke = broke;
    this.#chain = new Chain(server, session, (message, passed) => {
      this.#hooked = false;
      this.#judged(message, passed);
      this.#lane.done(this.#turn);
    });
  }

  /** Whether anything has to be waited for, although it may never come. */
  get busy() {
    return this.#broken || this.#lane.busy;
  }

  /**
   * Delivers nothing before the application knows the session.
   *
   * @param {(begun: () => void) => void} begin Lets it know, when it may, and calls back.
   */
  hold(begin) {
    this.#held = true;
    this.#enqueue((done) =>
      begin(() => {
        this.#held = false;
        // Whoever had to wait has the same time as others.
        if (this.#last !== null) this.#watch();
        afterContinuations(done);
      }),
    );
  }

  /** @param {Message} message */
  push(message) {
    // Counted until it is delivered: above a limit the socket is not read. Rust holds what waits for a verdict by itself.
    if (!message.verdict) this.#server.bridge.command(this.#slot, COMMAND.Hold, message.length + EVENT_COST);
    this.#enqueue(message);
  }

  /** @param {() => void} task What has to happen behind the messages that came before. */
  behind(task) {
    this.#enqueue((done) => this.#perform(task, done));
  }

  /**
   * Takes a parcel over, behind the messages that came before.
   *
   * @param {Parcel} parcel
   * @param {(payload: import("../bridge/kept-payload.js").KeptPayload) => void} take Gets it, for what comes behind. What it throws is a loss.
   */
  gather(parcel, take) {
    if (this.#broken) return parcel.discard();
    this.#parcels.add(parcel);
    this.#enqueue((done) =>
      parcel.gather(take, (error) => {
        this.#parcels.delete(parcel);
        if (error === null) done();
        else this.#break(error);
      }),
    );
  }

  /** Something is lost that came behind the messages before. */
  lose(error) {
    this.#enqueue(() => this.#break(error));
  }

  /**
   * The session is over.
   *
   * @param {() => void} task What has to happen behind the last message; a hook that takes longer than `closeTimeoutMs` is not waited for.
   */
  end(task) {
    this.#ended = true;
    if (this.#broken) return task();
    this.#last = () => {
      clearInterval(this.#timer);
      task();
    };
    if (!this.#held) this.#watch();
    this.behind(this.#last);
  }

  /** Does not wait for a hook any longer, now that the session is over. */
  hurry() {
    if (!this.#hooked) return;
    this.#abandoned = true;
    this.#forget();
    // It may be another session of the same id that is in a hurry.
    this.#resource.runInAsyncScope(this.#last);
  }

  #watch() {
    this.#timer = setInterval(() => this.hurry(), this.#server.options.closeTimeoutMs);
  }

  #enqueue(item) {
    if (!this.#broken) this.#lane.push(item);
  }

  /** Forgets all that waits. */
  #forget() {
    this.#lane.clear();
    for (const parcel of this.#parcels) parcel.discard();
    this.#parcels.clear();
  }

  /** What is forgotten counts as unread for good: above the limit nothing more is read, and acknowledged, while the session leaves. */
  #break(error) {
    this.#broken = true;
    this.#forget();
    report(this.#server.emitter, error, this.#session, "delivery");
    this.#broke();
    this.#last?.();
  }

  /** Whatever goes wrong, what comes behind it has its turn, unless something is lost. */
  #perform(task, done) {
    try {
      task();
    } catch (error) {
      if (isLost(error)) return this.#break(error);
      report(this.#server.emitter, error, this.#session, "delivery");
    }
    afterContinuations(done);
  }

  #handle(item, turn) {
    if (typeof item === "function") item(() => this.#lane.done(turn));
    else this.#through(item, turn);
  }

  #through(message, turn) {
    if (message.chain.length === 0) {
      this.#judged(message, true);
      return afterContinuations(() => this.#lane.done(turn));
    }
    this.#hooked = true;
    this.#turn = turn;
    this.#chain.run(message);
  }

  #judged({ kind, value, ack, length, verdict }, passed) {
    if (!this.#ended) {
      const { bridge } = this.#server;
      const held = length + EVENT_COST;
      if (verdict) bridge.command(this.#slot, COMMAND.Acknowledge, ack, held);
      else bridge.command(this.#slot, COMMAND.Release, held);
    }
    if (passed && !this.#abandoned) this.#deliver(kind, value);
  }
}

module.exports = { Inbound };
