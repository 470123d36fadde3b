"use strict";

// The curves: one thing is varied, the cost is drawn.

const KIB = 1024;

/**
 * @typedef {object} Curve
 * @property {string} id
 * @property {string} title
 * @property {string} x What is varied.
 * @property {string} y What is drawn.
 * @property {"log" | "linear"} scale Of the x axis.
 * @property {"log" | "linear"} yScale
 * @property {(keyof typeof import("./metrics.js").METRICS)[]} metrics
 * @property {string[]} contenders
 * @property {number[]} values
 * @property {import("./points.js").Work} work
 * @property {(value: number) => import("./points.js").Load} load
 */

const ALL = ["cryo", "ws", "uws", "peer"];

/**
 * @param {{ quick: boolean, sessions: number }} options `sessions` is how many one process may hold open.
 * @returns {Curve[]}
 */
function curves({ quick, sessions }) {
  const pick = (few, all) => (quick ? few : all);
  const upTo = (values) => [...new Set(values.map((value) => Math.min(value, sessions)))];
  const common = { scale: "log", yScale: "linear", contenders: ALL, work: { work: "echo" } };
  return [
    {
      ...common,
      id: "by-depth",
      title: "Throughput by messages in flight per session (64 sessions, 64 B)",
      x: "in flight per session",
      y: "messages/s",
      metrics: ["rate"],
      values: pick([1, 256], [1, 2, 4, 8, 16, 32, 64, 128, 256]),
      load: (depth) => ({ scenario: "echo", sessions: 64, depth, size: 64 }),
    },
    {
      ...common,
      id: "push-by-depth",
      title: "Pushes by rounds in progress (1,000 sessions, 64 B)",
      x: "rounds in progress",
      y: "messages/s",
      metrics: ["rate"],
      values: pick([1, 64], [1, 2, 4, 8, 16, 32, 64]),
      work: { work: "push", size: 64 },
      load: (depth) => ({ scenario: "push", sessions: 1000, depth }),
    },
    {
      ...common,
      id: "by-size",
      title: "Throughput by message size (16 sessions, 4 in flight)",
      x: "bytes per message",
      y: "MB/s",
      metrics: ["throughput"],
      values: pick([16, KIB * KIB], [16, 64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, KIB * KIB]),
      load: (size) => ({ scenario: "echo", sessions: 16, depth: 4, size }),
    },
    {
      ...common,
      id: "by-sessions",
      title: "Throughput by sessions (1 in flight, 64 B)",
      x: "sessions",
      y: "messages/s",
      metrics: ["rate"],
      values: upTo(pick([1, 2_000], [1, 4, 16, 64, 256, 1_000, 4_000, 10_000, 20_000])),
      load: (count) => ({ scenario: "echo", sessions: count, depth: 1, size: 64 }),
    },
    {
      ...common,
      id: "by-rate",
      title: "Latency by rate (64 sessions, open loop, 64 B)",
      x: "share of our 64 x 1 maximum",
      y: "µs",
      scale: "linear",
      yScale: "log",
      metrics: ["p50", "p99"],
      values: pick([0.25, 0.75], [0.1, 0.25, 0.5, 0.75, 0.9]),
      load: (rateShare) => ({ scenario: "echo", sessions: 64, size: 64, rateShare }),
    },
    {
      ...common,
      id: "memory",
      title: "Resident memory by idle sessions",
      x: "sessions",
      y: "MB",
      scale: "linear",
      metrics: ["residentTotal"],
      values: upTo(pick([1_000, 4_000], [1_000, 5_000, 10_000, 15_000, 20_000])),
      load: (count) => ({ scenario: "idle", sessions: count, seconds: 0.5 }),
    },
  ];
}

module.exports = { curves };
