"use strict";

// Messages of both kinds and many sizes, through hooks, in bursts: they come back whole and in order.

const assert = require("node:assert/strict");
const { setTimeout } = require("node:timers/promises");

const { noise } = require("../../__test__/support/transactions");

const ROUNDS = 40;
const SIZES = [0, 1, 16, 125, 126, 1000, 4000, 65_536];
const BYTES = noise(65_536);
const TEXT = "ünï¢ode ".repeat(8192);

const BURST = SIZES.flatMap((size) => [
  ["UTF8DATA", TEXT.slice(0, size)],
  ["BINARYDATA", BYTES.subarray(0, size)],
]);

async function visit(clients) {
  const client = await clients.join();
  for (let round = 0; round < ROUNDS; round++) {
    client.write(Buffer.concat(BURST.map(([name, payload]) => client.message(name, { payload }))));
    for (const [name, payload] of BURST) {
      const frame = await nextMessage(client);
      assert.equal(frame.name, name);
      assert.ok(Buffer.from(frame.payload).equals(Buffer.from(payload)), `${name} of ${payload.length}`);
    }
    await setTimeout(25);
  }
  client.close();
  await client.closed();
}

async function nextMessage(client) {
  for (;;) {
    const frame = await client.next();
    if (frame.name === "UTF8DATA" || frame.name === "BINARYDATA") return frame;
  }
}

module.exports = { guests: 3, pauseMs: 50, visit };
