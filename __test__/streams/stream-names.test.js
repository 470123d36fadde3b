"use strict";

// Names of streams, which may be megabytes long: what keeping them may cost, and how much of them a message shows.

const assert = require("node:assert/strict");
const { once } = require("node:events");
const { Readable } = require("node:stream");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { joined, reports } = require("../support/server");
const { cancelled, start, upload } = require("../support/transactions");

const ACKS = { acks: true };
const LIMIT = { maxUnclaimedStreamBytes: 100_000 };

/** A name that takes 80,000 bytes of memory. */
const long = (letter) => `€${letter.repeat(39_999)}`;

describe("the names of streams that nobody waits for", () => {
  test("are limited in bytes: the oldest goes, and one that is over the limit by itself", async (t) => {
    const { client, session } = await joined(t, LIMIT, ACKS);
    start(client, 0, long("a"));
    start(client, 1, long("b"));
    assert.deepEqual(await cancelled({ client, session }), [0]);
    assert.equal((await session.WaitForStream(long("b"))).txId, 1);
    start(client, 2, long("c").repeat(2));
    assert.deepEqual(await cancelled({ client, session }), [2]);
  });

  test("count after the end of the stream, too", async (t) => {
    const { client, session } = await joined(t, LIMIT, ACKS);
    upload(client, 0, long("a"), []);
    upload(client, 1, long("b"), [Buffer.from("x")]);
    // Nobody is told of what is complete.
    assert.deepEqual(await cancelled({ client, session }), []);
    await assert.rejects(session.WaitForStream(long("a"), 1), { code: "ERR_CRYO_STREAM_TIMEOUT" });
    assert.equal(String(await buffer(await session.WaitForStream(long("b")))), "x");
  });

  test("count no more once a stream is claimed, cancelled, or begun again", async (t) => {
    const { client, session } = await joined(t, LIMIT, ACKS);
    start(client, 0, long("a"));
    await session.WaitForStream(long("a"));
    start(client, 1, long("b"));
    client.send("TX_CANCEL", { txId: 1 });
    start(client, 2, long("c"));
    start(client, 2, long("d"));
    assert.deepEqual(await cancelled({ client, session }), []);
    assert.equal((await session.WaitForStream(long("d"))).txId, 2);
  });

  test("cost nothing where they are short", async (t) => {
    const { client, session } = await joined(t, { maxUnclaimedStreamBytes: 1 }, ACKS);
    for (let txId = 0; txId < 20; txId++) start(client, txId, `short ${txId}`);
    assert.deepEqual(await cancelled({ client, session }), []);
  });

  test("are forgotten where somebody listens for chunks, and the stream goes on", async (t) => {
    const { server, client, session } = await joined(t, LIMIT, ACKS);
    const errors = reports(server);
    const heard = [];
    session.stream.on("tx-chunk", (txId, chunk) => heard.push([txId, String(chunk)]));
    start(client, 0, long("a"));
    start(client, 1, long("b"));
    client.send("TX_CHUNK", { txId: 0, seq: 0, payload: "heard" });
    assert.deepEqual(await cancelled({ client, session }), []);
    assert.deepEqual(heard, [[0, "heard"]]);
    assert.deepEqual(errors, []);
  });
});

describe("a long name", () => {
  test("of more than 16 MiB is refused", async (t) => {
    const { session } = await joined(t);
    const tooLong = "n".repeat(16 * 1024 * 1024 + 1);
    for (const call of [() => session.Stream(["x"], tooLong), () => session.WaitForStream(tooLong, 1)]) {
      await assert.rejects(call, (error) => {
        assert.equal(error.code, "ERR_CRYO_PAYLOAD_TOO_LARGE");
        assert.match(error.message, /16777217 bytes/);
        return true;
      });
    }
  });

  test("is sent whole", async (t) => {
    const { client, session } = await joined(t, {}, ACKS);
    session.Stream([], long("a"));
    assert.equal((await client.nextOf("TX_START")).streamName, long("a"));
  });

  test("is cut in what is reported", async (t) => {
    const { server, client, session } = await joined(t, {}, ACKS);
    const claim = session.WaitForStream(long("a"));
    start(client, 0, long("a"));
    await claim;
    client.send("TX_CANCEL", { txId: 0 });
    const [, , where] = await once(server, "error");
    assert.equal(where, `incoming stream '€${"a".repeat(79)}...'`);
    session.Stream(new Readable({ read() { this.destroy(new Error("no")); } }), long("b"));
    const [error] = await once(server, "error");
    assert.equal(error.message, `The source of the stream '€${"b".repeat(79)}...' failed.`);
  });
});

describe("a name that would write to a terminal, or end a line of a log", () => {
  const HOSTILE = "a\u001b[2J\n\u0085\u2028\u202e\u007f\u009b1m\\ é€";
  const SHOWN = "a\\u001b[2J\\u000a\\u0085\\u2028\\u202e\\u007f\\u009b1m\\ é€";

  test("does neither in what is reported, however it fails", async (t) => {
    const { server, client, session } = await joined(t, {}, ACKS);
    const claims = [session.WaitForStream(HOSTILE), session.WaitForStream(HOSTILE)];
    start(client, 0, HOSTILE);
    start(client, 1, HOSTILE);
    const [failing] = await Promise.all(claims);
    failing.on("data", () => { throw new Error("careless"); });
    client.send("TX_CHUNK", { txId: 0, seq: 0, payload: "x" });
    assert.equal((await once(server, "error"))[2], `listener of 'data' on incoming stream '${SHOWN}'`);
    client.send("TX_CANCEL", { txId: 1 });
    assert.equal((await once(server, "error"))[2], `incoming stream '${SHOWN}'`);
    session.Stream(new Readable({ read() { this.destroy(new Error("no")); } }), HOSTILE);
    assert.equal((await once(server, "error"))[0].message, `The source of the stream '${SHOWN}' failed.`);
  });

  test("is sent, and claimed, as it is", async (t) => {
    const { client, session } = await joined(t, {}, ACKS);
    session.Stream([], HOSTILE);
    assert.equal((await client.nextOf("TX_START")).streamName, HOSTILE);
    upload(client, 0, HOSTILE, [Buffer.from("x")]);
    assert.equal(String(await buffer(await session.WaitForStream(HOSTILE))), "x");
  });

  test("is shown once, however long it is", async (t) => {
    const { server, client, session } = await joined(t, {}, ACKS);
    const claim = session.WaitForStream("\n".repeat(100));
    start(client, 0, "\n".repeat(100));
    await claim;
    client.send("TX_CANCEL", { txId: 0 });
    assert.equal((await once(server, "error"))[2], `incoming stream '${"\\u000a".repeat(80)}...'`);
  });
});
