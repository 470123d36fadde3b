"use strict";

// Events that Node.js emits by itself, out of anybody's reach: what a listener throws then would end the process.

const { errorMonitor } = require("node:events");
const { isPromise } = require("node:util").types;

/**
 * Calls the listeners of an event, as `emit` does, but each of them whatever the others do: Node's own, such as those of a
 * pipeline, are among them and must not miss it because one of the application's has failed.
 *
 * @param {import("node:events").EventEmitter} emitter
 * @param {string | symbol} event
 * @param {any[]} args
 * @param {(error: unknown, event: string | null) => void} failed Is told what a listener of that event throws or rejects with; without
 *   an event, of an `error` that nobody listens for.
 * @returns {boolean} Whether anybody listens.
 */
function emitGuarded(emitter, event, args, failed) {
  if (event === "error") {
    emitGuarded(emitter, errorMonitor, args, failed);
    if (emitter.listenerCount(event) === 0) failed(args[0], null);
  }
  if (emitter.listenerCount(event) === 0) return false;
  const told = (error) => failed(error, String(event));
  for (const listener of emitter.rawListeners(event)) {
    try {
      const result = Reflect.apply(listener, emitter, args);
      // Not any thenable: with some of those, asking for the result is what begins the work.
      if (isPromise(result)) result.then(undefined, told);
    } catch (error) {
      told(error);
    }
  }
  return true;
}

module.exports = { emitGuarded };
