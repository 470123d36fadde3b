"use strict";

// Events whose every listener is called, whatever the others do. Those that Node.js emits by itself are out of anybody's reach: what a listener
// throws then would end the process.

const { EventEmitter, errorMonitor } = require("node:events");
const { isPromise } = require("node:util").types;

/** Node's own. An application may have put another one over it, for one emitter or, later, for all. */
const { emit } = EventEmitter.prototype;

/** Node's `captureRejections` takes anything for a promise that looks like one. */
const isThenable = (result) => typeof result?.then === "function";

/** Whether the application has put an `emit` of its own over one emitter's, which gets all events. */
function hasOwnEmit(emitter) {
  return emitter.emit !== EventEmitter.prototype.emit;
}

/** Whether anybody would get an event. */
function isHeard(emitter, event) {
  return emitter.listenerCount(event) > 0 || hasOwnEmit(emitter);
}

/** Whether `emit` would keep an event from some of its listeners when another one throws. */
function mayMiss(emitter, event) {
  if (emitter.emit !== emit) return false;
  const watching = event === "error" ? emitter.listenerCount(errorMonitor) : 0;
  return emitter.listenerCount(event) + watching > 1;
}

/**
 * Calls the listeners of an event, as `emit` does, but each of them whatever the others do: Node's own, such as those of a
 * pipeline, are among them and must not miss it because one of the application's has failed.
 *
 * @param {import("node:events").EventEmitter} emitter
 * @param {string | symbol} event
 * @param {any[]} args
 * @param {(error: unknown, event: string | null) => void} failed Is told what a listener of that event throws or rejects with; without
 *   an event, of an `error` that nobody listens for.
 * @param {(result: any) => boolean} [mayReject] Which results of a listener are promises. Not any thenable: with some of those, asking for the
 *   result is what begins the work.
 * @returns {boolean} Whether anybody listens.
 */
function emitGuarded(emitter, event, args, failed, mayReject = isPromise) {
  if (event === "error") {
    emitGuarded(emitter, errorMonitor, args, failed, mayReject);
    if (emitter.listenerCount(event) === 0) failed(args[0], null);
  }
  if (emitter.listenerCount(event) === 0) return false;
  const told = (error) => failed(error, String(event));
  for (const listener of emitter.rawListeners(event)) {
    try {
      const result = Reflect.apply(listener, emitter, args);
      if (mayReject(result)) result.then(undefined, told);
    } catch (error) {
      told(error);
    }
  }
  return true;
}

module.exports = { emitGuarded, hasOwnEmit, isHeard, isThenable, mayMiss };
