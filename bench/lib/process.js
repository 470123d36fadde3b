"use strict";

// Child processes: pinned, spoken to, and ended whatever happens.

const { spawn, spawnSync } = require("node:child_process");
const { on, once } = require("node:events");
const { readFileSync, readdirSync } = require("node:fs");
const os = require("node:os");
const { createInterface } = require("node:readline");

/** How long a server may take to listen or to answer, in milliseconds. */
const PATIENCE = 30_000;
/** How long a load may take besides its own time, in milliseconds: most of that is for opening its sessions. */
const OVERTIME = 120_000;
/** How long a server may take to end before it is killed, in milliseconds. */
const GRACE = 2_000;

const canPin = os.cpus().length > 1 && spawnSync("taskset", ["--version"]).status === 0;

/** `command`, pinned to a CPU where that is possible. */
function pinned(core, command) {
  return canPin ? ["taskset", "-c", String(core), ...command] : command;
}

/** Options of a child process: `{ size: 64, tls: true }` is `--size 64 --tls`. */
function flags(options) {
  return Object.entries(options).flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, String(value)]));
}

/**
 * CPU time of all threads of a process in microseconds, by the kernel; undefined where it doesn't say.
 *
 * @param {number} pid
 * @returns {number | undefined}
 */
function cpuTime(pid) {
  const tasks = `/proc/${pid}/task`;
  try {
    const nanoseconds = readdirSync(tasks).map((task) => parseInt(readFileSync(`${tasks}/${task}/schedstat`, "utf8"), 10));
    return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e3;
  } catch {
    return undefined;
  }
}

/** A server process. */
class Server {
  #child;
  #messages;
  #errors = "";

  /**
   * @param {import("./contenders.js").Contender} contender
   * @param {import("./points.js").Work} work
   * @param {number} core
   */
  constructor(contender, work, core) {
    const script = [process.execPath, "--expose-gc", contender.script, ...contender.args, ...flags(work)];
    const [command, ...args] = pinned(core, script);
    this.#child = spawn(command, args, { stdio: ["ignore", "inherit", "pipe", "ipc"] });
    this.#messages = on(this.#child, "message");
    this.#child.stderr.on("data", (data) => {
      this.#errors = (this.#errors + data).slice(-2000);
    });
  }

  /** @returns {Promise<number>} The port it listens on. */
  async listening() {
    return (await this.#message()).port;
  }

  /**
   * What it has used when this is called. A server at its limit may answer only after the load has ended, so CPU time is read from outside
   * where that is possible. And its event loop can't have waited while a question did, so the answer's delay comes off its busy time.
   *
   * @returns {Promise<{ cpu: number, loop: number }>} CPU time of all its threads in microseconds; event-loop time in milliseconds.
   */
  async usage() {
    const asked = Number(process.hrtime.bigint()) / 1e6;
    const cpu = cpuTime(this.#child.pid);
    /** @type {import("../servers/control.js").Usage} */
    const answer = await this.#ask("usage");
    return { cpu: cpu ?? answer.cpu, loop: answer.loop - (answer.at - asked) };
  }

  /** @returns {Promise<number>} Its resident memory in bytes, after a garbage collection: not for the middle of a measurement. */
  resident() {
    return this.#ask("resident");
  }

  async #ask(question) {
    this.#child.send(question);
    return (await this.#message()).answer;
  }

  /** Ends it. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE);
    await exited;
    clearTimeout(killer);
  }

  /** Rejects when the server ends on its own. */
  async crashed() {
    const [code, signal] = await once(this.#child, "exit");
    throw new Error(`the server ended (${signal ?? code}): ${this.#errors.trim()}`);
  }

  /** The next message that no other call waits for. */
  async #message() {
    const late = once(AbortSignal.timeout(PATIENCE), "abort").then(() => {
      throw new Error(`the server did not answer: ${this.#errors.trim()}`);
    });
    const { value } = await Promise.race([late, this.#messages.next()]);
    return value[0];
  }
}

/**
 * Runs the load generator.
 *
 * @param {string} file
 * @param {import("./points.js").Load} load
 * @param {number} core
 * @param {(event: any) => Promise<void>} hear Told of each line; the load generator ends after the last was handled.
 */
async function runLoad(file, load, core, hear) {
  const { scenario, ...options } = load;
  const [command, ...args] = pinned(core, [file, scenario, "--hold", ...flags(options)]);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data) => (errors += data));
  const exited = once(child, "exit");
  const overtime = setTimeout(() => {
    errors += `stopped: it did not end within ${OVERTIME / 1000} s of its time`;
    child.kill("SIGKILL");
  }, OVERTIME + (options.seconds + options.warmup) * 1000);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line);
      await hear(event);
      if (event.event === "result") child.stdin.end();
    }
    const [code] = await exited;
    if (code !== 0) throw new Error(errors.trim() || `the load generator ended with ${code}`);
  } finally {
    clearTimeout(overtime);
    child.kill("SIGKILL");
  }
}

module.exports = { Server, canPin, runLoad };
