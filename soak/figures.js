"use strict";

// What a process takes: memory, descriptors, and the delay of its event loop.

const fs = require("node:fs");
const { createHistogram } = require("node:perf_hooks");

/** Bytes that V8 may add to the heap for good, for what it learns of the code. */
const LEARNED = 4 * 1024 * 1024;
/** How often the event loop is looked at. */
const TICK_MS = 10;
/** What the system's scheduler says of the main thread. */
const SCHEDULING = "/proc/self/schedstat";
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

/** The event loop since this was made: how late a timer is, but for what its thread waited for a CPU that others had. */
class Loop {
  #own = createHistogram();
  #all = createHistogram();
  #cpu = process.cpuUsage();
  #begin = performance.now();
  #last = this.#begin;
  #waited = waited();
  #timer = setInterval(() => this.#look(), TICK_MS);

  /**
   * Ends the watch.
   *
   * @returns {{ lag: { p50: number, p999: number, longest: number, withWaits: number }, cpu: number }} `lag` in ms, `withWaits` the longest with
   *   what it waited for a CPU; `cpu` of the whole process in cores.
   */
  figures() {
    clearInterval(this.#timer);
    const [p50, p999, longest] = [50, 99.9, 100].map((percentile) => this.#own.percentile(percentile) / 1e6);
    const { user, system } = process.cpuUsage(this.#cpu);
    const cpu = (user + system) / 1000 / (performance.now() - this.#begin);
    return { lag: { p50, p999, longest, withWaits: this.#all.max / 1e6 }, cpu };
  }

  #look() {
    const [now, sum] = [performance.now(), waited()];
    const late = (now - this.#last - TICK_MS) * 1e6;
    this.#all.record(nanoseconds(late));
    this.#own.record(nanoseconds(late - (sum - this.#waited)));
    this.#last = now;
    this.#waited = sum;
  }
}

/** As a histogram takes them, from 1 on. */
function nanoseconds(value) {
  return Math.max(1, Math.round(value));
}

/** Nanoseconds that the main thread could have run and had no CPU, since it began; 0 where the system does not say. */
function waited() {
  return fs.existsSync(SCHEDULING) ? Number(fs.readFileSync(SCHEDULING, "utf8").split(" ")[1]) : 0;
}

module.exports = { Loop, isBack, sample };
