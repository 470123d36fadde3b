"use strict";

// Whole streams in both directions, pushed and fetched. Those that are fetched are too large for the server's memory.

const assert = require("node:assert/strict");

const { download, noise, pieces, sha256, upload } = require("../../__test__/support/transactions");

const UP = noise(1_500_000, 7);
const UP_HASH = sha256(UP);
/** What the server's "give" sends. */
const DOWN_HASH = sha256(noise(3_000_000));

const kinds = {
  async up(client) {
    client.send("ERROR", { payload: "take" });
    upload(client, 1, "up", pieces(UP, 40_000));
    assert.equal((await client.nextOf("UTF8DATA")).payload, UP_HASH);
  },

  async pushed(client) {
    client.send("ERROR", { payload: "give" });
    assert.equal(sha256((await download(client)).chunks), DOWN_HASH);
  },

  async fetched(client) {
    client.send("TX_FLOW", { behaviour: 1 });
    client.send("ERROR", { payload: "give" });
    const { txId } = await client.nextOf("TX_START");
    // Pieces of the middle first, then all.
    for (const [start, end] of [[30, 32], [3, 4]]) {
      client.send("TX_FETCH", { txId, start, end });
      for (let seq = start; seq < end; seq++) assert.equal((await client.nextOf("TX_CHUNK")).seq, seq);
    }
    client.send("TX_FETCH", { txId, start: 0, end: 2 ** 32 - 1 });
    const chunks = [];
    for (let frame = await client.next(); frame.name !== "TX_FINISH"; frame = await client.next()) {
      if (frame.name === "TX_CHUNK") chunks.push(frame.payload);
    }
    assert.equal(sha256(chunks), DOWN_HASH);
  },
};

async function visit(clients, turn) {
  const client = await clients.join();
  await Object.values(kinds)[turn % 3](client);
  client.close();
  await client.closed();
}

module.exports = { guests: 2, pauseMs: 150, visit };
