"use strict";

// Streams that nobody claims: which of them go when there are too many, those that are complete or those that are still open.

const assert = require("node:assert/strict");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { caughtUp } = require("../support/pair");
const { joined } = require("../support/server");
const { cancelled, noise, pieces, upload } = require("../support/transactions");

const ACKS = { acks: true };
const TIMEOUT = { code: "ERR_CRYO_STREAM_TIMEOUT" };

const start = (client, txId, streamName) => client.send("TX_START", { txId, byteLength: -1, streamName });
const chunk = (client, txId, payload) => client.send("TX_CHUNK", { txId, seq: 0, payload });
const finish = (client, txId) => client.send("TX_FINISH", { txId });

const claimed = async (session, name) => String(await buffer(await session.WaitForStream(name, 1)));

describe("an open stream that is heard by tx-chunk alone", () => {
  test("goes on, however many others come and end meanwhile", async (t) => {
    const { client, session } = await joined(t, { maxIncomingStreams: 3 }, ACKS);
    const heard = [];
    const ended = [];
    session.stream.on("tx-chunk", (txId, bytes) => heard.push(`${txId}: ${bytes}`));
    session.stream.on("tx-finish", (txId) => ended.push(txId));
    start(client, 0, "telemetry");
    chunk(client, 0, "first");
    for (let txId = 1; txId <= 8; txId++) upload(client, txId, `file ${txId}`, [Buffer.from("x")]);
    chunk(client, 0, "last");
    finish(client, 0);
    assert.deepEqual(await cancelled({ client, session }), []);
    assert.deepEqual(heard, ["0: first", ...[1, 2, 3, 4, 5, 6, 7, 8].map((txId) => `${txId}: x`), "0: last"]);
    assert.deepEqual(ended, [1, 2, 3, 4, 5, 6, 7, 8, 0]);
  });

  test("goes on, however much the others leave unclaimed", async (t) => {
    const { client, session } = await joined(t, { maxUnclaimedStreamBytes: 30_000 }, ACKS);
    let heard = 0;
    session.stream.on("tx-chunk", (txId, bytes) => (heard += txId === 0 ? bytes.length : 0));
    start(client, 0, "telemetry");
    for (let txId = 1; txId <= 8; txId++) {
      chunk(client, 0, noise(10_000));
      upload(client, txId, `file ${txId}`, pieces(noise(25_000), 5_000));
    }
    finish(client, 0);
    assert.deepEqual(await cancelled({ client, session }), []);
    assert.equal(heard, 80_000);
  });
});

describe("complete streams that nobody has claimed", () => {
  test("are limited in number: the oldest go, and nobody is told", async (t) => {
    const { client, session } = await joined(t, { maxIncomingStreams: 3 }, ACKS);
    for (let txId = 0; txId < 5; txId++) upload(client, txId, `s${txId}`, [Buffer.from(`body ${txId}`)]);
    assert.deepEqual(await cancelled({ client, session }), []);
    for (const txId of [0, 1]) await assert.rejects(session.WaitForStream(`s${txId}`, 1), TIMEOUT);
    for (const txId of [2, 3, 4]) assert.equal(await claimed(session, `s${txId}`), `body ${txId}`);
  });

  test("stay, as long as the others are claimed", async (t) => {
    const { client, session } = await joined(t, { maxIncomingStreams: 2 }, ACKS);
    upload(client, 0, "s0", [Buffer.from("body 0")]);
    for (let txId = 1; txId < 6; txId++) {
      upload(client, txId, `s${txId}`, [Buffer.from(`body ${txId}`)]);
      await caughtUp({ client, session });
      assert.equal(await claimed(session, `s${txId}`), `body ${txId}`);
    }
    assert.equal(await claimed(session, "s0"), "body 0");
  });

  test("are no reason to cancel one that is open, and not its victims", async (t) => {
    const { client, session } = await joined(t, { maxIncomingStreams: 2 }, ACKS);
    upload(client, 0, "complete", [Buffer.from("body")]);
    for (const txId of [1, 2]) start(client, txId, `open ${txId}`);
    assert.deepEqual(await cancelled({ client, session }), []);
    start(client, 3, "open 3");
    assert.deepEqual(await cancelled({ client, session }), [1]);
    assert.equal(await claimed(session, "complete"), "body");
  });

  test("go before an open one that is older, where there are too many bytes", async (t) => {
    const { client, session } = await joined(t, { maxUnclaimedStreamBytes: 100_000 }, ACKS);
    start(client, 0, "open");
    chunk(client, 0, noise(40_000, 7));
    for (const txId of [1, 2]) upload(client, txId, `s${txId}`, pieces(noise(40_000, txId), 10_000));
    assert.deepEqual(await cancelled({ client, session }), []);
    await assert.rejects(session.WaitForStream("s1", 1), TIMEOUT);
    assert.deepEqual(await buffer(await session.WaitForStream("s2", 1)), noise(40_000, 2));
    finish(client, 0);
    assert.deepEqual(await buffer(await session.WaitForStream("open", 1)), noise(40_000, 7));
  });

  test("go unheard, too, where their number is in use again", async (t) => {
    const { client, session } = await joined(t, { maxIncomingStreams: 1 }, ACKS);
    upload(client, 7, "first", [Buffer.from("1")]);
    start(client, 7, "second");
    upload(client, 8, "third", [Buffer.from("3")]);
    // One more is open than may be, and the older one is the only one that is not complete.
    assert.deepEqual(await cancelled({ client, session }), [7]);
    await assert.rejects(session.WaitForStream("first", 1), TIMEOUT);
    assert.equal(await claimed(session, "third"), "3");
  });
});
