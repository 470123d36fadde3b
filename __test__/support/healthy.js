"use strict";

// Sessions in a process of their own that do nothing wrong, and how long their messages take while others do: on demand, by
// CRYO_TEST_HOSTILE_P99=1, because that is also the machine's affair. The load generator of the benchmark sends on a schedule and fails when
// a message is lost. The server has one core and all clients another, where those that are measured come first, if the system lets them.

const assert = require("node:assert/strict");
const { spawn, spawnSync } = require("node:child_process");
const { once } = require("node:events");

const { buildLoad } = require("../../bench/lib/prepare");

const SERVER_CORE = "0";
const CLIENTS_CORE = "1";
/**
 * 600 messages of 16 sessions. Their times are those of the socket, by the kernel's stamps where it has any: how long an answer waits there for the clients' core,
 * where those that attack work, too, is not the server's doing.
 */
const LOAD = "echo --sessions 16 --rate 200 --size 64 --text --token tok --warmup 0.5 --seconds 3".split(" ");
if (process.platform === "linux") LOAD.push("--socket-times");
/** In turn without the attack and during it; the median counts. */
const ROUNDS = 3;
/** Rounds of the attack before these: V8 takes some seconds until it has compiled what the attack makes hot, on the server's core. */
const WARM_UP = 3;
/**
 * In µs: what a message may take in any case. On one core, each of the server's two threads may find another one at work, also V8's own, and waits
 * for the scheduler's next tick, 4 ms under Linux.
 */
const TICKS = 8000;

/** The load generator, behind what it is run by. */
let command;

/** @param {number} server The process that gets a core of its own. */
function separate(server) {
  const wrappers = [["taskset", "--cpu-list", CLIENTS_CORE], ["chrt", "--fifo", "10"]];
  const works = ([name, ...args]) => spawnSync(name, [...args, "true"]).status === 0;
  command ??= [...wrappers.filter(works).flat(), buildLoad(), ...LOAD];
  // Who runs the tests' files, and waits meanwhile, is a client, too.
  const runner = process.env.NODE_TEST_CONTEXT === undefined ? [] : [[CLIENTS_CORE, process.ppid]];
  for (const [core, pid] of [[SERVER_CORE, server], [CLIENTS_CORE, process.pid], ...runner]) {
    spawnSync("taskset", ["--all-tasks", "--cpu-list", "--pid", core, String(pid)]);
  }
}

/**
 * Asserts that no message is lost and that the attack does not double what a message takes, at the 99th percentile, beyond what the scheduler
 * may cost.
 *
 * @param {import("node:test").TestContext} t Is told the figures.
 * @param {{ port: number, secure: boolean }} server
 * @param {() => Promise<unknown>} attack Is made again and again.
 */
async function assertUndisturbed(t, server, attack) {
  for (let round = 0; round < WARM_UP; round++) await roundTripsDuring(attack, server);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ without: await roundTrips(server), during: await roundTripsDuring(attack, server) });
  }
  const median = (when, percentile) => rounds.map((round) => round[when][percentile]).sort((a, b) => a - b)[ROUNDS >> 1];
  const figures = ["p50", "p99"].map((percentile) => [median("without", percentile), median("during", percentile)]);
  const [p50, p99] = figures.map(([without, during]) => `${without.toFixed(0)} | ${during.toFixed(0)}`);
  t.diagnostic(`round trips in µs without and during it: p50 ${p50}, p99 ${p99}`);
  const [, [without, during]] = figures;
  assert.ok(during <= Math.max(2 * without, TICKS), `p99 is ${(during / without).toFixed(1)} times as long`);
}

/** As `roundTrips`, with attacks from beginning to end. */
async function roundTripsDuring(attack, server) {
  let over = false;
  const measuring = roundTrips(server).finally(() => (over = true));
  measuring.catch(() => {}); // awaited below
  while (!over) await attack();
  return measuring;
}

/** @returns {Promise<{ p50: number, p99: number }>} In µs; a rejection when a message was lost. */
async function roundTrips({ port, secure }) {
  const [name, ...args] = [...command, "--addr", `127.0.0.1:${port}`, ...(secure ? ["--tls"] : [])];
  const child = spawn(name, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(output);
  return JSON.parse(output.trim().split("\n").at(-1)).latency_us;
}

module.exports = { assertUndisturbed, separate };
