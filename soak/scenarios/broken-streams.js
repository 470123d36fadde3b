"use strict";

// Streams that end before they are through: cancelled, or with their connection, in both directions.

const assert = require("node:assert/strict");

const { noise } = require("../../__test__/support/transactions");

const CHUNK = noise(40_000);

function half(client) {
  client.send("ERROR", { payload: "take" });
  client.send("TX_START", { txId: 1, byteLength: -1, streamName: "up" });
  for (let seq = 0; seq < 10; seq++) client.send("TX_CHUNK", { txId: 1, seq, payload: CHUNK });
}

const kinds = [
  async function uploadCancelled(client) {
    half(client);
    client.send("TX_CANCEL", { txId: 1 });
    assert.equal((await client.nextOf("UTF8DATA")).payload, "ERR_CRYO_STREAM_CANCELLED");
  },
  async function uploadReset(client) {
    half(client);
    client.reset();
  },
  async function downloadCancelled(client) {
    client.send("ERROR", { payload: "give" });
    const { txId } = await client.nextOf("TX_CHUNK");
    const ack = client.send("TX_CANCEL", { txId });
    while ((await client.nextOf("ACK")).ack !== ack);
  },
  async function downloadReset(client) {
    client.send("ERROR", { payload: "give" });
    await client.nextOf("TX_CHUNK");
    client.reset();
  },
  async function fetchGivenUp(client) {
    client.send("TX_FLOW", { behaviour: 1 });
    client.send("ERROR", { payload: "give" });
    const { txId } = await client.nextOf("TX_START");
    client.send("TX_FETCH", { txId, start: 0, end: 40 });
    await client.nextOf("TX_CHUNK");
    client.reset();
  },
];

async function visit(clients, turn) {
  const client = await clients.join();
  await kinds[turn % kinds.length](client);
  client.close();
  await client.closed();
}

module.exports = { guests: 1, pauseMs: 100, visit };
