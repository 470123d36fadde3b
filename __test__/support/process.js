"use strict";

// Applications in a process of their own, for what only a whole process shows: exits, warnings, a blocked event loop.

const { spawn } = require("node:child_process");

const { Inbox } = require("./inbox");
const { deferred, within } = require("./wait");

/** What the code of another process or thread requires to get the package. */
const PACKAGE = require.resolve("../..");

/**
 * Runs a function as the main program of a new process. It is passed as text, so it must be an arrow function or a
 * function expression, and sees nothing of its surroundings but its argument: the package's exports, `send(value)` for a
 * message to the test, and `argument`.
 *
 * @param {import("node:test").TestContext} t Kills it, should it still run.
 * @param {(context: { cryo: Function, send: (value: unknown) => void, argument: any }) => unknown} app
 * @param {any} [argument] As JSON can carry it.
 * @param {string[]} [flags] Of Node.js.
 */
function spawnApp(t, app, argument = null, flags = []) {
  const exported = `...require(${JSON.stringify(PACKAGE)})`;
  const context = `{ ${exported}, send: (value) => process.send(value), argument: ${JSON.stringify(argument)} }`;
  const child = spawn(process.execPath, [...flags, "-e", `(${app})(${context});`], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  t.after(() => child.kill("SIGKILL"));

  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (output[name] += text));
  const messages = new Inbox();
  const ended = deferred();
  child.on("message", (message) => messages.push(message));
  child.on("close", (code, signal) => {
    messages.end(`exited with ${signal ?? code}: ${output.stderr}`);
    ended.resolve({ code, signal, ...output });
  });

  return {
    /** The next message that the application sent. */
    next: (what) => messages.next(what),
    /** Tells the application something, which it gets as `process.on("message")`. */
    tell: (value) => child.send(value),
    /** Sends it a signal. @param {NodeJS.Signals} name */
    signal: (name) => child.kill(name),
    /**
     * How it ended.
     *
     * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string }>}
     */
    exit: () => within(ended.promise, "the process's exit"),
  };
}

module.exports = { PACKAGE, spawnApp };
