"use strict";

// Which request ends a stream that is fetched: one that gets its last chunk, and no other.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { Harness } = require("../support/server");
const { fetchRange, fetching } = require("../support/transactions");
const { settled } = require("../support/wait");

/** A stream of three chunks that was offered. */
async function offered(t) {
  const { client, session } = await fetching(await Harness.start(t));
  const streamed = session.Stream(["a", "b", "c"], "down");
  const { txId } = await client.nextOf("TX_START");
  return { client, streamed, txId };
}

/** What the client has got, once the server has read all that was asked for. */
async function got(client) {
  const ping = client.send("PING_PONG", { payload: "ping" });
  const names = [];
  for (let frame = await client.next(); frame.ack !== ping || frame.name !== "PING_PONG"; frame = await client.next()) {
    if (frame.name.startsWith("TX_")) names.push(frame.name);
  }
  return names;
}

describe("a request for chunks", () => {
  for (const [label, range] of Object.entries({
    "that begins after the last one": { start: 3, end: 9 },
    "of which none is left": { start: 5, end: 2 ** 32 - 1 },
    "that is empty": { start: 3, end: 3 },
    "that ends before it begins": { start: 9, end: 5 },
  })) {
    test(`${label} does not end the stream`, async (t) => {
      const { client, streamed, txId } = await offered(t);
      client.send("TX_FETCH", { txId, ...range });
      // Behind an answer to this one, whatever the other causes would have come.
      assert.equal(String(Buffer.concat(await fetchRange(client, txId, 0, 1))), "a");
      assert.deepEqual(await got(client), []);
      assert.equal(await settled(streamed), false);
      assert.equal(String(Buffer.concat(await fetchRange(client, txId, 2, 3))), "c");
      await client.nextOf("TX_FINISH");
      await streamed;
    });
  }

  test("that begins before the last one and ends after it ends the stream", async (t) => {
    const { client, streamed, txId } = await offered(t);
    assert.equal(String(Buffer.concat(await fetchRange(client, txId, 1, 9, 2))), "bc");
    await client.nextOf("TX_FINISH");
    await streamed;
  });

  test("of a stream without any is not what ends it", async (t) => {
    const { client, session } = await fetching(await Harness.start(t));
    client.habits.acks = false;
    const streamed = session.Stream([]);
    const { ack, txId } = await client.nextOf("TX_START");
    client.send("TX_FETCH", { txId, start: 0, end: 9 });
    client.habits.acks = true;
    client.send("ACK", { ack });
    await client.nextOf("TX_FINISH");
    await streamed;
  });
});
