"use strict";

// Sessions that stand still because of a stream that nobody reads, while others wait for what comes behind it.

const { buffer } = require("node:stream/consumers");

const { joined } = require("./server");
const { chunk, noise, pieces, start } = require("./transactions");
const { event, until } = require("./wait");

const MIB = 1024 * 1024;
const LIMIT = 64 * 1024;
const SMALL = { maxUnreadBytes: LIMIT };

/** Begins streams named "0", "1" and so on, and claims them. */
async function begin({ client, session }, count) {
  const names = Array.from({ length: count }, (_, txId) => String(txId));
  const claims = names.map((name) => session.WaitForStream(name));
  names.forEach((name, txId) => start(client, txId, name));
  return Promise.all(claims);
}

/** Sends one chunk of each stream after the other. */
function interleave(client, bodies, size) {
  for (let at = 0; at < Math.max(...bodies.map(({ length }) => length)); at += size) {
    bodies.forEach((body, txId) => at < body.length && chunk(client, txId, body.subarray(at, at + size)));
  }
}

/** The times at which the server looks whether it stands still are the test's: none before it says so. */
function withLooks(t) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  return { look: (count = 1) => t.mock.timers.tick(count * 250) };
}

/** Looks until something is so. */
const lookUntil = (look, condition, what) =>
  until(() => {
    look();
    return condition();
  }, what);

/** A session whose stream "idle" stands in front of what the reader of "read" waits for: the rest of its two bytes. */
async function standstill(t, options) {
  const pair = await joined(t, { ...SMALL, ...options }, { acks: true });
  const [idle, read] = await begin(pair, 2);
  const { client } = pair;
  idle.on("error", () => {}); // seen by `errored`
  const text = buffer(read).then(String);
  chunk(client, 1, "a");
  const body = noise(3 * MIB);
  for (const payload of pieces(body, 50_000)) chunk(client, 0, payload);
  chunk(client, 1, "b");
  return { ...pair, idle, body, text };
}

/** The same, once what stands in front is out of the way. */
async function overcome(t, options) {
  const parts = await standstill(t, options);
  parts.client.send("UTF8DATA", { payload: "behind it" });
  await event(parts.session, "message-utf8");
  return parts;
}

module.exports = { LIMIT, MIB, SMALL, begin, interleave, lookUntil, overcome, standstill, withLooks };
