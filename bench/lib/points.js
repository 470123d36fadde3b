"use strict";

// The points that are measured: what the server does, what the load is, who is beside, and what is aimed at.

const KIB = 1024;

/**
 * @typedef {object} Load What the load generator is told, by its options' names; true stands for a flag.
 * @typedef {object} Work What a server script is told, the same way.
 *
 * @typedef {object} Point
 * @property {string} id
 * @property {string} title
 * @property {keyof typeof import("./metrics.js").METRICS} metric
 * @property {Load} load
 * @property {Work} work
 * @property {string[]} beside Contenders it is compared with; all of them are Cryo servers or plain echoes of the same bytes.
 * @property {Record<string, Work>} [instead] What a contender does instead of `work`.
 * @property {string} firstAim The least that is aimed at.
 * @property {string} secondAim
 */

const WS = ["ws", "uws", "peer"];
const CRYO = ["peer"];

const push = (depth) => ({ scenario: "push", sessions: 1000, depth });
const echo = (sessions, depth, size) => ({ scenario: "echo", sessions, depth, size });

/**
 * @param {{ quick: boolean, sessions: number }} options `sessions` is how many one process may hold open.
 * @returns {Point[]}
 */
function points({ quick, sessions }) {
  const many = Math.min(quick ? 5_000 : 20_000, sessions);
  const some = Math.min(quick ? 2_000 : 10_000, sessions);
  // Some 20 s after the last session was opened V8 collects what opening them has left.
  const heartbeats = quick ? { seconds: 5, warmup: 1 } : { seconds: 10, warmup: 20 };
  return [
    point("echo-1x1", "1 session x 1 in flight", "p50", echo(1, 1, 64), WS, "≤ 1.0 x ws", "≤ 0.95 x ws"),
    point("echo-64x1", "64 x 1, binary", "rate", echo(64, 1, 64), WS, "1.15 x ws", "1.0 x uWS"),
    point("echo-64x1-text", "64 x 1, text", "rate", { ...echo(64, 1, 64), text: true }, WS, "1.15 x ws", "1.0 x uWS"),
    point("echo-64x16", "64 x 16, binary", "rate", echo(64, 16, 64), WS, "6 x ws", "1.0 x uWS"),
    point("echo-64x16-text", "64 x 16, text", "rate", { ...echo(64, 16, 64), text: true }, WS, "6 x ws", "1.0 x uWS"),
    point("echo-16k", "16 x 4 of 16 KiB", "rate", echo(16, 4, 16 * KIB), WS, "1.0 x ws", "1.0 x uWS"),
    {
      ...point("hooks", "64 x 1, async on_receive hook and listener", "rate", echo(64, 1, 64), ["plain", ...CRYO]),
      work: { work: "hooks" },
      instead: { plain: { work: "echo" } },
      firstAim: "0.8 x without",
      secondAim: "0.9 x without",
    },
    {
      ...point("listener", "the same without the hook", "rate", echo(64, 1, 64), ["plain", ...CRYO], "reported", "reported"),
      work: { work: "listener" },
      instead: { plain: { work: "echo" } },
    },
    {
      ...point("push", "server pushes 64 B to 1,000 sessions, 16 rounds in progress", "rate", push(16), WS),
      work: { work: "push", size: 64 },
      firstAim: "4 x ws",
      secondAim: "1.0 x uWS",
    },
    {
      ...point("push-4", "the same, 4 rounds in progress", "rate", push(4), WS),
      work: { work: "push", size: 64 },
      firstAim: "reported",
      secondAim: "1.0 x uWS",
    },
    tls(point("tls-64x16", "TLS 1.3, 64 x 16", "rate", echo(64, 16, 64), WS, "2 x ws", "4 x ws")),
    tls(point("tls-16k", "TLS 1.3, 16 x 4 of 16 KiB", "rate", echo(16, 4, 16 * KIB), WS, "2 x ws", "4 x ws")),
    point("idle", `${some} idle sessions`, "resident", { ...idle(some), seconds: 0.5 }, WS, "≤ 8 KB", "≤ 5 KB"),
    {
      ...point("heartbeat", `${many} idle sessions, heartbeat every 5 s`, "cpuShare", { ...idle(many), ...heartbeats }),
      beside: ["ws", "peer"],
      work: { heartbeat: 5000 },
      firstAim: "< 5 %",
      secondAim: "< 2 %",
    },
    point("churn", "connect, one message, disconnect", "sessions", { scenario: "churn", sessions: 16 }, WS, "1.3 x ws", "2 x ws"),
    stream("upload"),
    stream("download"),
    {
      ...point("paced-p99", "64 sessions at half of our 64 x 1 rate, open loop", "p99", echo(64, 1, 64), WS),
      load: { ...echo(64, 1, 64), rateShare: 0.5 },
      firstAim: "< ws",
      secondAim: "< 0.5 x ws",
    },
  ];
}

function point(id, title, metric, load, beside = [], firstAim = "", secondAim = "") {
  return { id, title, metric, load, work: { work: "echo" }, beside, firstAim, secondAim };
}

function tls(plain) {
  return { ...plain, load: { ...plain.load, tls: true }, work: { ...plain.work, tls: true } };
}

function idle(sessions) {
  return { scenario: "idle", sessions };
}

function stream(scenario) {
  const load = { scenario, sessions: 4, size: 64 * KIB };
  const title = `${scenario} by transaction, 64 KiB chunks`;
  return { ...point(scenario, title, "perCpuSecond", load, CRYO, "1,240 MB", "1,860 MB"), work: { work: "stream" } };
}

module.exports = { points };
