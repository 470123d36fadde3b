"use strict";

// Streams that their receiver fetches, both ways, and what they may take of memory.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { CRYO_FLOW_BEHAVIOUR } = require("../..");
const { temporaryFolder } = require("../support/folder");
const { caughtUp } = require("../support/pair");
const { Harness, joined } = require("../support/server");
const { fetchAll, fetchRange, fetching, forgetful, noise, pieces, sha256 } = require("../support/transactions");
const { event, settled } = require("../support/wait");

describe("a fetched stream", () => {
  test("is served in any order, again, and to its end", async (t) => {
    const { client, session } = await fetching(await Harness.start(t));
    const body = noise(10_000);
    const parts = pieces(body, 1000);
    const streamed = session.Stream(parts, "down");
    const { txId, byteLength, streamName } = await client.nextOf("TX_START");
    assert.deepEqual([byteLength, streamName], [10_000, "down"]);
    for (const [start, end] of [[5, 7], [0, 2], [5, 6]]) {
      assert.deepEqual(await fetchRange(client, txId, start, end), parts.slice(start, end));
    }
    await caughtUp({ client, session });
    assert.equal(await settled(streamed), false);
    assert.equal(sha256(await fetchRange(client, txId, 0, 4_000_000_000, 10)), sha256(body));
    await client.nextOf("TX_FINISH");
    await streamed;
  });

  test("may be asked for before its TX_START is acknowledged", async (t) => {
    const { client, session } = await fetching(await Harness.start(t));
    client.habits.acks = false;
    session.Stream(["abc", "d"]);
    const start = await client.nextOf("TX_START");
    assert.equal(String(Buffer.concat(await fetchRange(client, start.txId, 0, 2))), "abcd");
    await client.nextOf("TX_FINISH");
    client.send("ACK", { ack: start.ack });
  });

  test("without any bytes is finished at once", async (t) => {
    const { client, session } = await fetching(await Harness.start(t));
    const streamed = session.Stream([]);
    assert.equal((await client.nextOf("TX_START")).byteLength, 0);
    await client.nextOf("TX_FINISH");
    await streamed;
  });

  test("ends when its receiver cancels it", async (t) => {
    const { client, session } = await fetching(await Harness.start(t, { undelivered: "reject" }));
    const streamed = session.Stream(["a"]);
    const { txId } = await client.nextOf("TX_START");
    client.send("TX_CANCEL", { txId });
    await assert.rejects(streamed, { code: "ERR_CRYO_STREAM_CANCELLED" });
  });

  test("emits tx-fetch with the range that was asked for", async (t) => {
    const { client, session } = await fetching(await Harness.start(t));
    session.Stream(["a", "b"]);
    const { txId } = await client.nextOf("TX_START");
    const asked = event(session.stream, "tx-fetch");
    client.send("TX_FETCH", { txId, start: 0, end: 9 });
    assert.deepEqual(await asked, [txId, 0, 9]);
  });

  test("whose source fails before it is offered is never announced", async (t) => {
    const { client, session } = await fetching(await Harness.start(t, { undelivered: "reject" }));
    await assert.rejects(session.Stream((function* () { yield "a"; throw new Error("no"); })()), { code: "ERR_CRYO_STREAM_SOURCE" });
    await client.roundTrip();
    assert.deepEqual(client.frames.take(), []);
  });

  test("too large for memory is kept in an unlinked file, and arrives whole", async (t) => {
    const { client, session } = await fetching(await Harness.start(t, { maxStreamBytes: 400_000, streamChunkBytes: 20_000 }));
    const body = noise(3_000_000);
    // Not the folder of all: other processes have such files, too, for a moment.
    const folder = temporaryFolder(t);
    t.mock.method(os, "tmpdir", () => folder);
    const mine = () => fs.readdirSync(folder);
    const streamed = session.Stream(pieces(body, 7777));
    const { txId, byteLength } = await client.nextOf("TX_START");
    assert.equal(byteLength, body.length);
    assert.deepEqual(mine(), []);
    const chunks = await fetchAll(client, txId);
    await streamed;
    assert.equal(sha256(chunks), sha256(body));
    assert.ok(chunks.every(({ length }) => length <= 20_000));
  });
});

test("a fetched stream of more than 2 GiB is offered with an unknown length, and served to its end", async (t) => {
  forgetful(t);
  const size = 4 * 1024 * 1024;
  const count = 2 ** 31 / size + 1;
  const { client, session } = await fetching(await Harness.start(t, { streamChunkBytes: size }));
  const piece = Buffer.alloc(size);
  const streamed = session.Stream((function* () { for (let n = 0; n < count; n++) yield piece; })());
  const { txId, byteLength } = await client.nextOf("TX_START");
  assert.equal(byteLength, -1);
  const [last] = await fetchRange(client, txId, count - 1, count);
  assert.equal(last.length, size);
  await client.nextOf("TX_FINISH");
  await streamed;
});

describe("the other direction", () => {
  test("SetIncomingFlowControl and StreamFetchRange resolve at their ACKs", async (t) => {
    const { client, session } = await joined(t);
    const flow = session.SetIncomingFlowControl(CRYO_FLOW_BEHAVIOUR.TX_PULL);
    const asked = await client.nextOf("TX_FLOW");
    assert.equal(asked.behaviour, 1);
    await caughtUp({ client, session });
    assert.equal(await settled(flow), false);
    client.send("ACK", { ack: asked.ack });
    await flow;
    const stream = session.WaitForStream("up");
    client.send("TX_START", { txId: 6, byteLength: 4, streamName: "up" });
    const readable = await stream;
    assert.equal(readable.announcedBytes, 4);
    const range = session.StreamFetchRange(readable, 0, 2);
    const { ack, txId, start, end } = await client.nextOf("TX_FETCH");
    assert.deepEqual([txId, start, end], [6, 0, 2]);
    client.send("ACK", { ack });
    await range;
    for (const [seq, payload] of ["ab", "cd"].entries()) client.send("TX_CHUNK", { txId: 6, seq, payload });
    client.send("TX_FINISH", { txId: 6 });
    assert.equal(String(await buffer(readable)), "abcd");
  });

  test("refuses invalid arguments", async (t) => {
    const { client, session } = await joined(t);
    const stream = session.WaitForStream("up");
    client.send("TX_START", { txId: 6, byteLength: 4, streamName: "up" });
    const readable = await stream;
    const wrong = { name: "TypeError", code: "ERR_CRYO_INVALID_ARGUMENT" };
    await assert.rejects(session.SetIncomingFlowControl(2), wrong);
    await assert.rejects(session.StreamFetchRange({ txId: 6 }, 0, 1), wrong);
    await assert.rejects(session.StreamFetchRange(readable, -1, 1), wrong);
    await assert.rejects(session.StreamFetchRange(readable, 0, 2 ** 32), wrong);
    await assert.rejects(session.WaitForStream("up", "soon"), wrong);
    await assert.rejects(session.WaitForStream(7), wrong);
  });
});
