"use strict";

// Where it ran, and with what.

const { spawnSync } = require("node:child_process");
const os = require("node:os");
const path = require("node:path");

const { canPin } = require("./process.js");

/** Files a server has open besides its sessions, generously. */
const OTHER_FILES = 200;

/** @returns {number} How many sessions one process may hold open here. */
function maxSessions() {
  const limit = process.platform === "win32" ? "unlimited" : output("sh", ["-c", "ulimit -Hn"]);
  return limit === "unlimited" ? Infinity : Math.max(1, Number(limit) - OTHER_FILES);
}

/**
 * @param {import("./options.js").Options} options
 * @returns {Record<string, string>} What a reader has to know to judge the figures.
 */
function machine({ serverCore, loadCore }) {
  const [cpu] = os.cpus();
  return {
    cpu: `${cpu?.model.trim() ?? "unknown"}, ${os.cpus().length} logical`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    // What follows the first two numbers of a kernel is its builder's affair.
    system: `${os.type()} ${/^\d+\.\d+/.exec(os.release())?.[0] ?? os.release()} ${os.arch()}`,
    node: process.version,
    rust: output("rustc", ["--version"]),
    commit: output("git", ["-C", path.join(__dirname, ".."), "describe", "--always", "--dirty"]),
    pinning: canPin ? `server on CPU ${serverCore}, load generator on CPU ${loadCore}` : "none (there is no taskset)",
    "load average before": os.loadavg().map((load) => load.toFixed(2)).join(", "),
    date: new Date().toISOString(),
  };
}

function output(command, args) {
  return spawnSync(command, args, { encoding: "utf8" }).stdout?.trim() ?? "";
}

module.exports = { machine, maxSessions };
