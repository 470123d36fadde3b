"use strict";

// What is read off a run. Each metric says how its figures are shown; `of` takes one from a run.

const { compact } = require("./format.js");

/**
 * @typedef {object} Metric
 * @property {string} unit
 * @property {"more" | "less"} better
 * @property {(value: number) => string} show
 * @property {(run: import("./measure.js").Run) => number} of
 */

/** @type {Record<string, Metric>} */
const METRICS = {
  rate: { unit: "messages/s", better: "more", show: compact, of: (run) => run.result.per_second },
  sessions: { unit: "sessions/s", better: "more", show: compact, of: (run) => run.result.per_second },
  throughput: { unit: "MB/s", better: "more", show: compact, of: (run) => run.result.megabytes_per_second },
  p50: { unit: "µs (p50)", better: "less", show: compact, of: (run) => run.result.latency_us.p50 },
  p99: { unit: "µs (p99)", better: "less", show: compact, of: (run) => run.result.latency_us.p99 },
  resident: {
    unit: "KB per session",
    better: "less",
    show: compact,
    of: ({ resident, load }) => (resident.after - resident.before) / load.sessions / 1024,
  },
  residentTotal: {
    unit: "MB",
    better: "less",
    show: compact,
    of: (run) => run.resident.after / 1e6,
  },
  cpuShare: { unit: "% of a core", better: "less", show: compact, of: (run) => cpuSeconds(run) / run.result.seconds * 100 },
  perCpuSecond: {
    unit: "MB per CPU second",
    better: "more",
    show: compact,
    of: (run) => run.result.bytes / 1e6 / cpuSeconds(run),
  },
};

/** CPU time of all the server's threads during the measurement, in seconds. */
function cpuSeconds({ usage }) {
  return (usage.end.cpu - usage.start.cpu) / 1e6;
}

/** CPU time per message, in microseconds. */
function cpuPerMessage(run) {
  return (cpuSeconds(run) * 1e6) / run.result.messages;
}

/** Event-loop time per message, in microseconds: what the server leaves less of to the application. */
function loopPerMessage(run) {
  return ((run.usage.end.loop - run.usage.start.loop) * 1000) / run.result.messages;
}

module.exports = { METRICS, cpuPerMessage, loopPerMessage };
