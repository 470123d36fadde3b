"use strict";

// The endpoint under test, a process of its own.

const { spawn, spawnSync } = require("node:child_process");
const { once } = require("node:events");
const { createInterface } = require("node:readline");

const { ROOT } = require("./paths.js");

const BUILD = ["build", "--release", "--locked", "--example", "websocket-echo", "--message-format=json-render-diagnostics"];

/** @returns {string} The path of the program, built if need be. */
function build() {
  const { error, status, stdout } = spawnSync("cargo", BUILD, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  if (error) throw new Error(`can't run cargo: ${error.message}`);
  if (status !== 0) throw new Error("the echo can't be built");
  const artifacts = stdout.trim().split("\n").map((line) => JSON.parse(line));
  return artifacts.findLast(({ executable }) => executable).executable;
}

class Echo {
  #child;

  /** @param {string} file The program. */
  constructor(file) {
    this.#child = spawn(file, { stdio: ["ignore", "pipe", "inherit"] });
  }

  /** @returns {Promise<string>} Its URL, once it listens. */
  async listening() {
    for await (const line of createInterface({ input: this.#child.stdout })) return line;
    throw new Error("the echo ended before it listened");
  }

  /** Ends it. Throws if it has ended before: nothing a client does may bring that about. */
  async stop() {
    const exited = once(this.#child, "exit");
    const [, signal] = this.#child.kill() ? await exited : [];
    if (signal !== "SIGTERM") throw new Error("the echo ended by itself");
  }
}

module.exports = { Echo, build };
