"use strict";

// Errors of the application's own callbacks: reported, and nothing else.

const { errorMonitor } = require("node:events");
const { inspect } = require("node:util");

const { emitGuarded } = require("./emit.js");
const { codes } = require("./errors.js");

/** Warnings a second at most: a listener that fails on every message must not drown the log. */
const WARNINGS_PER_SECOND = 10;

let second = 0;
let warned = 0;

/**
 * Reports an error to the server's `error` listeners, or as a process warning where there are none.
 *
 * @param {import("node:events").EventEmitter} server
 * @param {unknown} error What was thrown, or what a promise was rejected with.
 * @param {object | null} session Whose callback it was, if any session's.
 * @param {string} where Which callback it was.
 */
function report(server, error, session, where) {
  if (server.listenerCount("error") === 0) {
    // Without a listener, Node's emit would throw.
    emitGuarded(server, errorMonitor, [error, session, where], reportOfListener);
    return warn(error, where);
  }
  try {
    server.emit("error", error, session, where);
  } catch (thrown) {
    reportOfListener(thrown);
  }
}

/**
 * Reports what a listener of `error` itself threw or was rejected with: to nobody but the log, as it would only fail again.
 *
 * @param {unknown} error
 */
function reportOfListener(error) {
  warn(error, "listener of 'error'");
}

/** Reports an error as a process warning. */
function warn(error, where) {
  const now = Math.floor(performance.now() / 1000);
  if (now !== second) {
    second = now;
    warned = 0;
  }
  if (++warned > WARNINGS_PER_SECOND) return;
  const { message, detail } = describe(error);
  process.emitWarning(`${where} failed: ${message.replace(/\.$/, "")}. Listen for the server's 'error' event to handle this.`, {
    type: "CryoApplicationError",
    code: codes.APPLICATION_ERROR,
    detail,
  });
}

/** An error in words. Whatever was thrown can be anything: its message no string, its getters and its `inspect` ones that throw. */
function describe(error) {
  try {
    const { message, stack } = error instanceof Error ? error : { message: inspect(error), stack: undefined };
    return { message: String(message), detail: typeof stack === "string" ? stack : undefined };
  } catch {
    return { message: "what it threw can't be shown", detail: undefined };
  }
}

module.exports = { report, reportOfListener };
