"use strict";

// What a process takes: memory, descriptors, and the delay of its event loop.

const fs = require("node:fs");
const { monitorEventLoopDelay } = require("node:perf_hooks");

/** Bytes that V8 may add to the heap for good, for what it learns of the code. */
const LEARNED = 4 * 1024 * 1024;
/** The process's descriptors as files. */
const DESCRIPTORS = ["/proc/self/fd", "/dev/fd"].find((folder) => fs.existsSync(folder));

/**
 * @typedef {object} Figures
 * @property {number} resident Bytes of memory.
 * @property {number} heap Bytes that JavaScript holds, Buffers included.
 * @property {number} descriptors Open ones; 0 where the system does not list them.
 * @property {number} sessions
 */

/**
 * Looks behind a garbage collection: what is garbage at the moment is chance.
 *
 * @param {object[]} servers Whose sessions are counted.
 * @returns {Figures}
 */
function sample(servers) {
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    resident: rss,
    heap: heapUsed + external,
    descriptors: DESCRIPTORS === undefined ? 0 : fs.readdirSync(DESCRIPTORS).length,
    sessions: servers.reduce((sum, server) => sum + sessionsOf(server), 0),
  };
}

function sessionsOf(server) {
  return Number(/^cryo_sessions (\d+)$/m.exec(server.Metrics())[1]);
}

/**
 * Whether nothing is left that was not there before.
 *
 * @param {Figures} before
 * @param {Figures} after
 */
function isBack(before, after) {
  return after.sessions === 0 && after.descriptors <= before.descriptors && after.heap <= before.heap + LEARNED;
}

/** The event loop since this was made. */
class Loop {
  #delay = monitorEventLoopDelay({ resolution: 10 });
  #cpu = process.cpuUsage();
  #begin = performance.now();

  constructor() {
    this.#delay.enable();
  }

  /**
   * Ends the watch.
   *
   * @returns {{ lag: { p50: number, p999: number, max: number }, cpu: number }} `lag` in ms, the 10 between two looks included; `cpu` of the
   *   whole process in cores.
   */
  figures() {
    this.#delay.disable();
    const ms = (nanoseconds) => nanoseconds / 1e6;
    const lag = { p50: ms(this.#delay.percentile(50)), p999: ms(this.#delay.percentile(99.9)), max: ms(this.#delay.max) };
    const { user, system } = process.cpuUsage(this.#cpu);
    return { lag, cpu: (user + system) / 1000 / (performance.now() - this.#begin) };
  }
}

module.exports = { Loop, isBack, sample };
