"use strict";

// What one client's streams may cost: caps on unclaimed ones, and a socket that is not read while the application does not.

const assert = require("node:assert/strict");
const { once } = require("node:events");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { caughtUp } = require("../support/pair");
const { joined, reports } = require("../support/server");
const { noise, pieces, sha256, upload } = require("../support/transactions");
const { event } = require("../support/wait");

const ACKS = { acks: true };

describe("streams that nobody waits for", () => {
  test("are limited in number: the oldest is cancelled, the session stays", async (t) => {
    const { client, session } = await joined(t, { maxIncomingStreams: 3 }, ACKS);
    for (let txId = 0; txId < 5; txId++) client.send("TX_START", { txId, byteLength: -1, streamName: `s${txId}` });
    assert.deepEqual([(await client.nextOf("TX_CANCEL")).txId, (await client.nextOf("TX_CANCEL")).txId], [0, 1]);
    await caughtUp({ client, session });
    assert.equal((await session.WaitForStream("s2")).txId, 2);
    await assert.rejects(session.WaitForStream("s0", 1), { code: "ERR_CRYO_STREAM_TIMEOUT" });
  });

  test("are limited in bytes: the oldest is cancelled", async (t) => {
    const { client, session } = await joined(t, { maxUnclaimedStreamBytes: 100_000 }, ACKS);
    const bodies = [1, 2, 3].map((seed) => noise(40_000, seed));
    for (const [txId, body] of bodies.entries()) {
      client.send("TX_START", { txId, byteLength: -1, streamName: `s${txId}` });
      pieces(body, 10_000).forEach((payload, seq) => client.send("TX_CHUNK", { txId, seq, payload }));
    }
    assert.equal((await client.nextOf("TX_CANCEL")).txId, 0);
    for (const txId of [1, 2]) client.send("TX_FINISH", { txId });
    await caughtUp({ client, session });
    for (const txId of [1, 2]) {
      assert.equal(sha256(await buffer(await session.WaitForStream(`s${txId}`))), sha256(bodies[txId]));
    }
  });

  test("never pause the socket", async (t) => {
    const { client, session } = await joined(t, { maxUnreadBytes: 50_000 });
    upload(client, 0, "up", pieces(noise(1_000_000), 10_000));
    await caughtUp({ client, session });
    assert.equal(sha256(await buffer(await session.WaitForStream("up"))), sha256(noise(1_000_000)));
  });

  test("may exceed the limit where somebody listens for their chunks", async (t) => {
    const { client, session } = await joined(t, { maxUnclaimedStreamBytes: 10_000 }, ACKS);
    const chunks = [];
    session.stream.on("tx-chunk", (_txId, chunk) => chunks.push(chunk));
    const finished = once(session.stream, "tx-finish");
    const body = noise(200_000);
    upload(client, 0, "up", pieces(body, 5_000));
    await finished;
    assert.equal(sha256(chunks), sha256(body));
    await caughtUp({ client, session });
    assert.equal(client.frames.take().some(({ name }) => name === "TX_CANCEL"), false);
  });

  test("are cancelled for their bytes only if they hold some", async (t) => {
    const { server, client, session } = await joined(t, { maxUnclaimedStreamBytes: 10_000 }, ACKS);
    const errors = reports(server);
    session.stream.on("tx-chunk", () => {});
    client.send("TX_START", { txId: 0, byteLength: -1, streamName: "empty" });
    upload(client, 1, "full", pieces(noise(30_000), 5_000));
    client.send("TX_CHUNK", { txId: 0, seq: 0, payload: "not too late" });
    client.send("TX_FINISH", { txId: 0 });
    await caughtUp({ client, session });
    assert.deepEqual(errors, []);
    assert.equal(String(await buffer(await session.WaitForStream("empty"))), "not too late");
    await assert.rejects(session.WaitForStream("full", 1), { code: "ERR_CRYO_STREAM_TIMEOUT" });
  });

  test("may be a hundred thousand", async (t) => {
    const { client, session } = await joined(t);
    for (let batch = 0; batch < 100; batch++) {
      const frames = Array.from({ length: 1000 }, (_, i) =>
        client.message("TX_START", { txId: batch * 1000 + i, byteLength: -1, streamName: "flood" }));
      client.write(Buffer.concat(frames));
    }
    await caughtUp({ client, session });
    upload(client, 200_000, "real", [Buffer.from("x")]);
    assert.equal(String(await buffer(await session.WaitForStream("real"))), "x");
  });
});

describe("an application that does not read its stream", () => {
  test("stops its client, which is not declared dead, and goes on when it reads", async (t) => {
    const body = noise(24 * 1024 * 1024);
    const keepAliveIntervalMs = 1500;
    const { client, session } = await joined(t, { maxUnreadBytes: 256 * 1024, keepAliveIntervalMs }, { acks: true, pongs: true });
    // What is uploaded is encoded first, all of it, which may take longer than the default.
    const stream = session.WaitForStream("up", 30_000);
    upload(client, 0, "up", pieces(body, 65_536));
    const readable = await stream;
    // Several rounds, in which the client's pongs stand behind what nobody reads.
    for (let round = 0; round < 5; round++) await event(session, "stat-bytes-rx");
    const [first] = await event(session, "stat-bytes-rx");
    const [second] = await event(session, "stat-bytes-rx");
    assert.equal(first, second, "nothing is read");
    assert.ok(session.rx < body.length / 2, `${session.rx} bytes were read`);
    assert.equal(sha256(await buffer(readable)), sha256(body));
  });

  test("stops it also where readers have taken one chunk, and Node.js the next one", async (t) => {
    const options = { maxUnreadBytes: 64 * 1024, keepAliveIntervalMs: 200 };
    const { client, session } = await joined(t, options, { acks: true, pongs: true });
    const chunk = noise(1024 * 1024);
    const readables = [];
    session.stream.on("tx-start", async (_txId, name) => {
      const readable = await session.WaitForStream(name);
      readables.push(readable);
      await readable[Symbol.asyncIterator]().next();
    });
    for (let txId = 0; txId < 20; txId++) upload(client, txId, `up ${txId}`, [chunk, chunk]);
    // Until nothing is read any more, but for pongs.
    for (let rx = 0, grown = Infinity; grown > 1000;) {
      const [now] = await event(session, "stat-bytes-rx");
      grown = now > 0 ? now - rx : Infinity;
      rx = now;
    }
    const buffered = readables.reduce((bytes, { readableLength }) => bytes + readableLength, 0);
    assert.ok(buffered <= 2 * chunk.length, `${buffered} bytes wait in ${readables.length} streams`);
  });

  test("does so even at a limit of one byte", async (t) => {
    const { client, session } = await joined(t, { maxUnreadBytes: 1 });
    const body = noise(300_000);
    const stream = session.WaitForStream("up");
    upload(client, 0, "up", pieces(body, 1000));
    assert.equal(sha256(await buffer(await stream)), sha256(body));
  });
});
