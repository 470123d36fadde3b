"use strict";

// Events to the application's listeners, and the errors of its callbacks: reported, and nothing else.

const { errorMonitor } = require("node:events");
const { inspect } = require("node:util");

const { isLost } = require("./bridge/lost.js");
const { emitGuarded, isThenable, mayMiss } = require("./emit.js");
const { codes, hasCode } = require("./errors.js");

/** Warnings a second at most: a listener that fails on every message must not drown the log. */
const WARNINGS_PER_SECOND = 10;

const ADVICE = "Listen for the server's 'error' event to handle this.";
const NOT_HEARD = "The 'error' listener that was called with this failed, too.";

/** In which second the last warning was, how many were in it, and how many more would have been. */
let second = 0;
let warned = 0;
let hidden = 0;

/**
 * Emits an event to all of its listeners, and reports what any of them throws or is rejected with.
 *
 * @param {import("node:events").EventEmitter} server
 * @param {object | null} session Whose event it is, if any session's.
 * @param {import("node:events").EventEmitter} emitter
 * @param {string} event
 * @param {any[]} args
 */
function tell(server, session, emitter, event, args) {
  // Apart, because it makes a closure: most events have one listener, and must not pay for that.
  if (mayMiss(emitter, event)) return tellEach(server, session, emitter, event, args);
  try {
    emitter.emit(event, ...args);
  } catch (error) {
    report(server, error, session, whose(event));
  }
}

function tellEach(server, session, emitter, event, args) {
  emitGuarded(emitter, event, args, (error) => report(server, error, session, whose(event)), isThenable);
}

const whose = (event) => `listener of '${event}'`;

/**
 * Reports an error to the server's `error` listeners, or as a process warning where there are none.
 *
 * @param {import("node:events").EventEmitter} server
 * @param {unknown} error What was thrown, or what a promise was rejected with.
 * @param {object | null} session Whose callback it was, if any session's.
 * @param {string} where Which callback it was.
 */
function report(server, error, session, where) {
  const args = [error, session, where];
  const failed = (thrown, event) => (event === "error" ? reportOfListener(thrown, error, where) : warn(thrown, whose("error")));
  if (server.listenerCount("error") === 0) {
    // Without a listener, Node's emit would throw.
    emitGuarded(server, errorMonitor, args, failed, isThenable);
    return warn(error, where, ADVICE);
  }
  if (mayMiss(server, "error")) return void emitGuarded(server, "error", args, failed, isThenable);
  try {
    server.emit("error", ...args);
  } catch (thrown) {
    reportOfListener(thrown, error, where);
  }
}

/**
 * Reports what a listener of `error` itself threw or was rejected with, and what it was told: to nobody but the log, as it would only fail again.
 *
 * @param {unknown} thrown
 * @param {unknown} error What it was told.
 * @param {string} [where] The same. The application may emit `error` by itself, without it.
 */
function reportOfListener(thrown, error, where = "what emitted 'error'") {
  warn(thrown, whose("error"));
  warn(error, where, NOT_HEARD);
}

/** Reports an error as a process warning. */
function warn(error, where, more = "") {
  if (!isLost(error) && !hasCode(error, codes.SERVER_FAILED) && !mayWarn()) return;
  const { message, detail } = describe(error);
  emitWarning(`${where} failed: ${message.replace(/\.$/, "")}. ${more}`.trimEnd(), detail);
}

/** Whether one more warning is within the limit; if not, it is counted. */
function mayWarn() {
  const now = performance.now() / 1000;
  if (Math.floor(now) !== second) {
    tellHidden();
    second = Math.floor(now);
    warned = 0;
  }
  if (++warned <= WARNINGS_PER_SECOND) return true;
  if (++hidden === 1) setTimeout(tellHidden, (second + 1 - now) * 1000).unref();
  return false;
}

function tellHidden() {
  if (hidden === 0) return;
  emitWarning(`${hidden} more failures of the application's callbacks were not shown (at most ${WARNINGS_PER_SECOND} a second are).`);
  hidden = 0;
}

function emitWarning(text, detail) {
  process.emitWarning(text, { type: "CryoApplicationError", code: codes.APPLICATION_ERROR, detail });
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

module.exports = { report, reportOfListener, tell };
