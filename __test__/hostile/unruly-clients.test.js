"use strict";

// Clients that announce themselves at odd times, leave at the worst moment, or never acknowledge anything.

const assert = require("node:assert/strict");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");
const { setTimeout } = require("node:timers/promises");

const { connect } = require("../support/clients");
const { spawnApp } = require("../support/process");
const { Harness, joined, reports } = require("../support/server");
const { event, within } = require("../support/wait");

const MIB = 1024 * 1024;

describe("an ENDPOINT_INFO", () => {
  test("with a whole stream behind it in the same packet", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet();
    const waiting = session.WaitForStream("up");
    client.write(
      Buffer.concat([
        client.message("ENDPOINT_INFO", { version: 1, features: 1n }),
        client.message("TX_START", { txId: 1, byteLength: -1, streamName: "up" }),
        client.message("TX_CHUNK", { txId: 1, seq: 0, payload: "in one packet" }),
        client.message("TX_FINISH", { txId: 1 }),
      ]),
    );
    assert.equal(String(await buffer(await waiting)), "in one packet");
  });

  test("that comes again leaves open streams as they are", async (t) => {
    const { client, session } = await joined(t);
    client.send("TX_START", { txId: 1, byteLength: -1, streamName: "up" });
    const readable = await session.WaitForStream("up");
    client.send("TX_CHUNK", { txId: 1, seq: 0, payload: "before, " });
    client.send("ENDPOINT_INFO", { version: 1, features: 0n });
    client.send("TX_CHUNK", { txId: 1, seq: 1, payload: "after" });
    client.send("TX_FINISH", { txId: 1 });
    assert.equal(String(await buffer(readable)), "before, after");
  });
});

describe("a client that vanishes with a full queue", () => {
  const marks = { highWaterMark: 64 * 1024, lowWaterMark: 16 * 1024, maxQueuedBytes: MIB, maxQueueCount: 16 };
  for (const dropPolicy of ["drop-oldest", "drop-newest", "dedupe-latest"]) {
    test(`under ${dropPolicy} costs its own session and nothing else`, async (t) => {
      const options = { backpressure: { ...marks, dropPolicy }, undelivered: "reject" };
      const { harness, client, session } = await joined(t, options);
      client.pause();
      const block = Buffer.alloc(64 * 1024);
      const sends = [];
      while (session.dropped === 0) {
        block.writeUInt32LE(sends.length);
        sends.push(session.SendBinary(block));
        await new Promise(setImmediate);
      }
      const closed = event(session, "closed");
      client.reset();
      await closed;
      const outcomes = await within(Promise.allSettled(sends), "all sends");
      const codes = new Set(outcomes.map(({ reason }) => reason?.code));
      assert.deepEqual([...codes].sort(), ["ERR_CRYO_DROPPED", "ERR_CRYO_SESSION_CLOSED"]);
      assert.deepEqual(session.queued, { bytes: 0, frames: 0 });

      const neighbour = await harness.join({ acks: true });
      await within(neighbour.session.SendUTF8("still here"), "another session's ACK");
    });
  }
});

describe("a client that vanishes", () => {
  test("under a flood of messages that are dropped causes no error", async (t) => {
    const harness = await Harness.start(t, { backpressure: "optimize_memory" });
    const errors = reports(harness.server);
    const block = Buffer.alloc(64 * 1024);
    for (let round = 0; round < 50; round++) {
      const { client, session } = await harness.join();
      client.pause();
      const closed = event(session, "closed");
      client.reset();
      // Its end is under way while these are handed over.
      for (let n = 0; n < 100; n++) session.SendBinary(block);
      await closed;
    }
    assert.deepEqual(errors, []);
  });

  test("before its ACKs are overdue does not affect the sends of the next session", async (t) => {
    const harness = await Harness.start(t, { undelivered: "reject" });
    const first = await harness.join();
    // From the first time-out on, some more are overdue at any moment.
    let timedOut = false;
    while (!timedOut) {
      first.session.SendUTF8("never acknowledged").catch((error) => (timedOut ||= error.code === "ERR_CRYO_ACK_TIMEOUT"));
      await setTimeout(5);
    }
    const closed = event(first.session, "closed");
    first.client.reset();
    await closed;
    const { client, session } = await harness.join();
    const since = performance.now();
    const early = [];
    const note = ({ code }) => performance.now() - since < 2500 && early.push(code);
    const sends = Array.from({ length: 1000 }, () => session.SendUTF8("acknowledged later").catch(note));
    // Longer than the server takes to look for overdue ACKs again.
    await setTimeout(500);
    for (let n = 0; n < sends.length; n++) client.send("ACK", { ack: (await client.nextOf("UTF8DATA")).ack });
    await Promise.all(sends);
    assert.deepEqual(early, []);
  });
});

describe("a client that never acknowledges", () => {
  const COUNT = 4096;

  for (const undelivered of ["pending", "reject"]) {
    test(`costs no payloads: 256 MiB sent, undelivered "${undelivered}"`, async (t) => {
      const app = spawnApp(
        t,
        ({ cryo, send, argument }) => {
          const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0, undelivered: argument.undelivered });
          server.on("listening", () => send(server.http_server.address().port));
          server.on("session", async (session) => {
            const before = process.memoryUsage.rss();
            // One for all, as newer versions of Node.js let much garbage lie.
            const block = Buffer.alloc(64 * 1024);
            for (let n = 0; n < argument.count; n++) {
              session.SendBinary(block.fill(n));
              while (session.queued.bytes > 1024 * 1024) await new Promise(setImmediate);
            }
            send({ more: process.memoryUsage.rss() - before, dropped: session.dropped });
          });
        },
        { count: COUNT, undelivered },
      );
      const client = await connect(t, { port: await app.next("the port") });
      for (let n = 0; n < COUNT; n++) {
        assert.equal((await client.nextOf("BINARYDATA")).payload[0], n % 256);
        client.reads.length = 0;
      }
      const { more, dropped } = await app.next("the figures");
      assert.equal(dropped, 0);
      assert.ok(more < 64 * MIB, `${more / MIB} MiB more`);
    });
  }
});
