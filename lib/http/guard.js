"use strict";

// Listeners on requests, responses and what is in the place of a socket: what they throw or reject with is reported, also where Node.js calls them
// by itself.

const { emitGuarded } = require("../emit.js");

/**
 * Guards the listeners of one request, for as long as it lives. Methods of its own, because frameworks such as Express change its prototype.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse | null} response None for an upgrade.
 * @param {(error: unknown, where: string) => void} failed
 */
function guardRequest(request, response, failed) {
  guard(request, "request of http_server", failed);
  if (response !== null) guard(response, "response of http_server", failed);
}

/**
 * @param {import("node:events").EventEmitter} emitter
 * @param {string} what Names it in reports.
 * @param {(error: unknown, where: string) => void} failed
 */
function guard(emitter, what, failed) {
  // A listener of `checkContinue` may pass it on to those of `request`.
  if (Object.hasOwn(emitter, "emit")) return;
  const told = (error, event) => failed(error, event === null ? what : `listener of '${event}' on a ${what}`);
  const emit = (event, ...args) => emitGuarded(emitter, event, args, told);
  Object.defineProperty(emitter, "emit", { value: emit, configurable: true, writable: true });
}

module.exports = { guard, guardRequest };
