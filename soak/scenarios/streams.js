"use strict";

// Whole streams in both directions, pushed and fetched. Those that are fetched are too large for the server's memory.

const assert = require("node:assert/strict");

const { download, fetchAll, fetchRange, noise, pieces, sha256, upload } = require("../../__test__/support/transactions");

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
    for (const [start, end] of [[30, 32], [3, 4]]) await fetchRange(client, txId, start, end);
    assert.equal(sha256(await fetchAll(client, txId)), DOWN_HASH);
  },
};

async function visit(clients, turn) {
  const client = await clients.join();
  await Object.values(kinds)[turn % 3](client);
  client.close();
  await client.closed();
}

module.exports = { guests: 2, pauseMs: 150, visit };
