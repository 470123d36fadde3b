"use strict";

// A process of the soak: asked and answering, and gone at the end.

const { spawn } = require("node:child_process");
const path = require("node:path");

const { Inbox } = require("../__test__/support/inbox");
const { deferred, within } = require("../__test__/support/wait");

/** For an answer or an exit, in ms: the visits under way come to their end first, some of which wait on purpose. */
const PATIENCE = 60_000;

class Child {
  #process;
  #answers = new Inbox();
  #ended = deferred();
  #output = "";

  /**
   * @param {string} script In this folder.
   * @param {string[]} flags Of Node.js.
   */
  constructor(script, flags) {
    const stdio = ["ignore", "pipe", "pipe", "ipc"];
    this.script = script;
    this.#process = spawn(process.execPath, [...flags, path.join(__dirname, script)], { stdio });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.#output += text));
    }
    this.#process.on("message", (message) => this.#answers.push(message));
    this.#process.on("close", (code, signal) => {
      const exit = { script, status: signal ?? code, output: this.#output };
      this.#answers.end(`${script} ended with ${exit.status}: ${exit.output}`);
      this.#ended.resolve(exit);
    });
  }

  /** @param {unknown} message As JSON can carry it. */
  tell(message) {
    this.#process.send(message);
  }

  /** @returns {Promise<any>} What it says next. */
  next() {
    return this.#answers.next(`an answer of ${this.script}`, PATIENCE);
  }

  /** @returns {Promise<any>} Its answer. */
  ask(message) {
    this.tell(message);
    return this.next();
  }

  /** How it ended. @returns {Promise<{ script: string, status: number | string, output: string }>} */
  exit() {
    return within(this.#ended.promise, `the end of ${this.script}`, PATIENCE);
  }

  /** Rejects when it ends. */
  async failed() {
    const { status, output } = await this.#ended.promise;
    throw new Error(`${this.script} ended with ${status}: ${output}`);
  }

  kill() {
    this.#process.kill("SIGKILL");
  }
}

module.exports = { Child };
