"use strict";

// One run: a fresh server, a load, and what both say about it.

const { Server, runLoad } = require("./process.js");

/**
 * @typedef {object} Run
 * @property {import("./points.js").Load} load What was put on the server.
 * @property {any} result What the load generator counted.
 * @property {{ start: any, end: any }} usage What the server had used at the start and at the end of the measurement.
 * @property {{ before: number, after: number }} resident Its memory in bytes before the load and after the measurement.
 */

/**
 * @param {import("./contenders.js").Contender} contender
 * @param {import("./points.js").Work} work
 * @param {import("./points.js").Load} load
 * @param {import("./options.js").Options & { load: string }} options
 * @returns {Promise<Run>}
 * @throws {Error} When the server or the load generator fails.
 */
async function measure(contender, work, load, options) {
  const server = new Server(contender, work, options.serverCore);
  const crashed = server.crashed();
  crashed.catch(() => {});
  try {
    return await Promise.race([crashed, drive(server, contender, load, options)]);
  } finally {
    await server.stop();
  }
}

async function drive(server, contender, load, options) {
  const addr = `127.0.0.1:${await server.listening()}`;
  const raw = contender.raw && { raw: true };
  const full = { seconds: options.seconds, warmup: options.warmup, ...load, ...raw, addr };
  const resident = { before: await server.resident() };
  let start;
  let usage;
  let result;
  await runLoad(options.load, full, options.loadCore, async (event) => {
    if (event.event === "measuring") {
      // Not waited for: the answer may be later than the result.
      start = server.usage();
      start.catch(() => {});
    }
    if (event.event === "result") {
      const [before, after] = await Promise.all([start, server.usage()]);
      usage = { start: before, end: after };
      resident.after = await server.resident();
      result = event;
    }
  });
  if (result === undefined) throw new Error("the load generator reported nothing");
  if (result.messages === 0 && load.scenario !== "idle") throw new Error("nothing came back during the measurement");
  return { load: full, result, usage, resident };
}

module.exports = { measure };
