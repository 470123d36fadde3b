"use strict";

// A soak: a process with the servers under test and one with the load, so that neither's memory or event loop is the other's; figures of the
// first from time to time, and a verdict.

const { setTimeout } = require("node:timers/promises");

const { Child } = require("./child.js");
const { WARM, judge, mib } = require("./verdict.js");

/** Looks at the figures, however long it takes. */
const LOOKS = 120;

/**
 * @param {number} minutes Of load, 2 at least: warming up takes half a minute.
 * @param {(line: string) => void} tell
 * @returns {Promise<import("./verdict.js").Finding[]>}
 */
async function soak(minutes, tell) {
  const server = new Child("server.js", ["--expose-gc"]);
  const load = new Child("load.js", []);
  try {
    load.tell(await server.next());
    const samples = await watch(server, load, minutes * 60_000, tell);
    const { lag, cpu } = await server.ask("loop");
    tell(`the server's process used ${(100 * cpu).toFixed(0)} % of a core`);
    const said = await load.ask("stop");
    const end = await server.ask("end");
    return judge({ samples, lag, load: said, end, exits: [await server.exit(), await load.exit()] });
  } finally {
    server.kill();
    load.kill();
  }
}

/** Looks at the server until the time is over, which both processes have to see. */
async function watch(server, load, total, tell) {
  const begin = performance.now();
  const samples = [];
  for (let look = 1; look <= LOOKS; look++) {
    const due = (look / LOOKS) * total;
    await Promise.race([setTimeout(begin + due - performance.now()), server.failed(), load.failed()]);
    const figures = await server.ask("sample");
    samples.push({ at: look / LOOKS, ...figures });
    if (look === LOOKS * WARM) await server.ask("warm");
    const { resident, heap, descriptors, sessions } = figures;
    tell(`${Math.round(due / 1000)} s: ${mib(resident)} resident, ${mib(heap)} heap, ${descriptors} descriptors, ${sessions} sessions`);
  }
  return samples;
}

module.exports = { soak };
