"use strict";

// Chunks that a listener of tx-chunk transfers to another thread: their memory is gone from here, and a reader must not get what is left as if it were all.

const assert = require("node:assert/strict");
const { once } = require("node:events");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { caughtUp } = require("../support/pair");
const { joined } = require("../support/server");
const { chunk, noise, pieces, sha256, start, upload } = require("../support/transactions");

const ACKS = { acks: true };
const GONE = { code: "ERR_CRYO_STREAM_STORAGE", message: /a listener of 'tx-chunk' has transferred/ };

/** Takes a chunk's memory away, as `postMessage()` with a transfer list does. */
const take = (chunk) => Buffer.from(structuredClone(chunk, { transfer: [chunk.buffer] }));

describe("a chunk that a listener of tx-chunk transfers", () => {
  test("counts as handled: the session goes on, and the listener gets all of the stream", async (t) => {
    const { client, session } = await joined(t, { maxUnreadBytes: 64 * 1024 }, ACKS);
    const taken = [];
    session.stream.on("tx-chunk", (_txId, chunk) => taken.push(take(chunk)));
    const finished = once(session.stream, "tx-finish");
    const body = noise(2_000_000);
    upload(client, 0, "up", pieces(body, 50_000));
    await caughtUp({ client, session });
    await finished;
    assert.equal(sha256(taken), sha256(body));
  });

  test("leaves a stream that nobody can claim", async (t) => {
    const { client, session } = await joined(t, {}, ACKS);
    session.stream.on("tx-chunk", (_txId, chunk) => chunk[0] === 2 && take(chunk));
    upload(client, 0, "up", [1, 2, 3].map((n) => Buffer.alloc(100, n)));
    await caughtUp({ client, session });
    await assert.rejects(session.WaitForStream("up", 1), { code: "ERR_CRYO_STREAM_TIMEOUT" });
    assert.equal(client.frames.take().some(({ name }) => name === "TX_CANCEL"), false);
  });

  for (const [when, later] of [["at once", (task) => task()], ["later, before it is read", queueMicrotask]]) {
    test(`${when}, of a stream that is claimed, ends it with an error`, async (t) => {
      const { client, session } = await joined(t, { maxUnreadBytes: 64 * 1024 }, ACKS);
      session.stream.on("tx-chunk", (_txId, chunk) => chunk[0] === 2 && later(() => take(chunk)));
      const claim = session.WaitForStream("up");
      start(client, 0, "up");
      const readable = await claim;
      readable.on("error", () => {}); // seen by what reads it
      for (const n of [1, 2, 3]) chunk(client, 0, Buffer.alloc(10_000, n));
      await caughtUp({ client, session });
      await assert.rejects(buffer(readable), GONE);
      assert.equal((await client.nextOf("TX_CANCEL")).txId, 0);
      // All of it is counted as handled.
      upload(client, 1, "next", pieces(noise(1_000_000), 20_000));
      assert.equal(sha256(await buffer(await session.WaitForStream("next"))), sha256(noise(1_000_000)));
    });
  }
});
