"use strict";

// The server's end of the line to the harness: says where it listens, answers what it has used so far.

const { performance } = require("node:perf_hooks");

/** Where servers listen: nothing but the load on this machine is to reach them. */
const HOST = "127.0.0.1";

/**
 * What a server process has used since it started.
 *
 * @typedef {object} Usage
 * @property {number} cpu CPU time of all its threads, in microseconds.
 * @property {number} loop Time its event loop was not waiting, in milliseconds.
 * @property {number} at When that was, in milliseconds of the system's monotonic clock: a busy event loop answers late.
 */

const answers = {
  /** @returns {Usage} */
  usage() {
    const { user, system } = process.cpuUsage();
    return { cpu: user + system, loop: performance.eventLoopUtilization().active, at: Number(process.hrtime.bigint()) / 1e6 };
  },

  /** @returns {number} Resident memory, in bytes, without garbage. */
  resident() {
    globalThis.gc?.();
    return process.memoryUsage.rss();
  },
};

/**
 * Tells the harness, or whoever started the script by hand, where the server listens.
 *
 * @param {number} port
 */
function listening(port) {
  if (process.send === undefined) {
    console.log(`listening on ${port}`);
    return;
  }
  process.on("message", (/** @type {keyof typeof answers} */ question) => process.send({ answer: answers[question]() }));
  process.on("disconnect", () => process.exit());
  process.send({ port });
}

module.exports = { HOST, listening };
