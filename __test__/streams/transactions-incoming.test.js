"use strict";

// Streams that a client sends: who gets them, what bounds them, and how they end.

const assert = require("node:assert/strict");
const { once } = require("node:events");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { CryoReadable } = require("../..");
const certificate = require("../support/certs");
const { caughtUp } = require("../support/pair");
const { Harness, joined } = require("../support/server");
const { noise, pieces, sha256, upload } = require("../support/transactions");
const { event, settled } = require("../support/wait");

const TLS = { ssl: certificate };

describe("an incoming stream", () => {
  for (const [label, options] of Object.entries({ plain: {}, TLS })) {
    test(`arrives whole, ${label}`, async (t) => {
      const { client, session } = await joined(t, options);
      const body = noise(3 * 1024 * 1024 + 17);
      const stream = session.WaitForStream("up");
      upload(client, 5, "up", pieces(body, 50_000));
      const readable = await stream;
      assert.ok(readable instanceof CryoReadable);
      assert.deepEqual([readable.txId, readable.announcedBytes], [5, -1]);
      assert.equal(sha256(await buffer(readable)), sha256(body));
    });
  }

  test("has nothing that libraries take for the size of what they are given", async (t) => {
    const { client, session } = await joined(t);
    const stream = session.WaitForStream("up");
    upload(client, 5, "up", []);
    const readable = await stream;
    assert.deepEqual(["byteLength", "length", "size", "path", "start", "end"].filter((name) => name in readable), []);
  });

  test("may be of one chunk of 16 MiB, of empty chunks, or of none", async (t) => {
    const { client, session } = await joined(t);
    const largest = noise(16 * 1024 * 1024);
    for (const [txId, chunks] of [[largest], [Buffer.alloc(0), Buffer.from("x"), Buffer.alloc(0)], []].entries()) {
      const stream = session.WaitForStream("up");
      upload(client, txId, "up", chunks);
      assert.equal(sha256(await buffer(await stream)), sha256(chunks));
    }
  });

  test("that came before anybody waited is there to be claimed, first come first served, once", async (t) => {
    const { client, session } = await joined(t);
    for (const [txId, text] of ["first", "second"].entries()) upload(client, txId, "up", [Buffer.from(text)]);
    client.send("UTF8DATA", { payload: "both are there" });
    await event(session, "message-utf8");
    const [one, two] = await Promise.all([session.WaitForStream("up"), session.stream.WaitForStream("up")]);
    assert.deepEqual([one.txId, two.txId], [0, 1]);
    assert.deepEqual([String(await buffer(one)), String(await buffer(two))], ["first", "second"]);
    await assert.rejects(session.WaitForStream("up", 10), { code: "ERR_CRYO_STREAM_TIMEOUT", message: "Timeout elapsed!" });
  });

  test("goes to those who wait for its name, in their order", async (t) => {
    const { client, session } = await joined(t);
    const waiters = [session.WaitForStream("a"), session.WaitForStream("b"), session.WaitForStream("a"), session.WaitForStream()];
    upload(client, 1, "a", [Buffer.from("a1")]);
    upload(client, 2, "a", [Buffer.from("a2")]);
    upload(client, 3, "anonymous", [Buffer.from("none")]);
    upload(client, 4, "b", [Buffer.from("b")]);
    const texts = await Promise.all(waiters.map(async (waiter) => String(await buffer(await waiter))));
    assert.deepEqual(texts, ["a1", "b", "a2", "none"]);
  });

  test("that is waited for already is not given to a listener of tx-start, too", async (t) => {
    const { client, session } = await joined(t);
    const listened = new Promise((resolve) => session.stream.once("tx-start", () => resolve(session.WaitForStream("up"))));
    const waited = session.WaitForStream("up");
    for (const [txId, text] of ["first", "second"].entries()) upload(client, txId, "up", [Buffer.from(text)]);
    const [one, two] = await Promise.all([waited, listened]);
    assert.deepEqual([String(await buffer(one)), String(await buffer(two))], ["first", "second"]);
  });

  test("emits events", async (t) => {
    const { client, session } = await joined(t);
    const seen = [];
    for (const name of ["tx-start", "tx-chunk", "tx-finish"]) session.stream.on(name, (...args) => seen.push([name, ...args]));
    const finished = once(session.stream, "tx-finish");
    upload(client, 7, "up", [Buffer.from("ab"), Buffer.from("c")]);
    await finished;
    assert.deepEqual(seen, [
      ["tx-start", 7, "up"],
      ["tx-chunk", 7, Buffer.from("ab")],
      ["tx-chunk", 7, Buffer.from("c")],
      ["tx-finish", 7],
    ]);
    assert.equal(String(await buffer(await session.WaitForStream("up"))), "abc");
  });

  test("with a number that is in use ends the first and starts the second", async (t) => {
    const { client, session } = await joined(t);
    const first = session.WaitForStream("first");
    client.send("TX_START", { txId: 9, byteLength: -1, streamName: "first" });
    const body = assert.rejects(buffer(await first), { code: "ERR_CRYO_STREAM_PREMATURE_CLOSE" });
    const second = session.WaitForStream("second");
    upload(client, 9, "second", [Buffer.from("2")]);
    await body;
    assert.equal(String(await buffer(await second)), "2");
  });

  test("ends with an error when its client vanishes, and so does a wait", async (t) => {
    const { client, session } = await joined(t);
    const stream = session.WaitForStream("up");
    const over = { code: "ERR_CRYO_SESSION_CLOSED", message: "The session ended before a stream of this name came." };
    const other = assert.rejects(session.WaitForStream("other", 60_000), over);
    client.send("TX_START", { txId: 0, byteLength: -1, streamName: "up" });
    client.send("TX_CHUNK", { txId: 0, seq: 0, payload: "begun" });
    const readable = await stream;
    await once(readable, "readable");
    client.reset();
    await assert.rejects(buffer(readable), { code: "ERR_CRYO_STREAM_PREMATURE_CLOSE" });
    await other;
    await assert.rejects(session.WaitForStream("up"), over);
  });

  test("whose client vanishes does not end the process, even without an error listener", async (t) => {
    const { client, session, server } = await joined(t);
    const reported = event(server, "error");
    const stream = session.WaitForStream("up");
    client.send("TX_START", { txId: 0, byteLength: -1, streamName: "up" });
    (await stream).resume();
    client.reset();
    const [error, where] = await reported;
    assert.equal(error.code, "ERR_CRYO_STREAM_PREMATURE_CLOSE");
    assert.equal(where, session);
  });

  test("that its sender cancels ends with an error", async (t) => {
    const { client, session } = await joined(t);
    const stream = session.WaitForStream("up");
    client.send("TX_START", { txId: 3, byteLength: -1, streamName: "up" });
    const body = assert.rejects(buffer(await stream), { code: "ERR_CRYO_STREAM_CANCELLED" });
    const ack = client.send("TX_CANCEL", { txId: 3 });
    await body;
    while ((await client.nextOf("ACK")).ack !== ack);
  });

  test("that the application destroys is cancelled, and what still comes is discarded", async (t) => {
    const { client, session } = await joined(t, {}, { acks: true });
    const stream = session.WaitForStream("up");
    client.send("TX_START", { txId: 3, byteLength: -1, streamName: "up" });
    (await stream).destroy();
    assert.equal((await client.nextOf("TX_CANCEL")).txId, 3);
    client.send("TX_CHUNK", { txId: 3, seq: 0, payload: "late" });
    const finish = client.send("TX_FINISH", { txId: 3 });
    assert.equal((await client.nextOf("ACK")).ack, finish);
    upload(client, 4, "next", [Buffer.from("next")]);
    assert.equal(String(await buffer(await session.WaitForStream("next"))), "next");
  });

  test("frames about one that is not open are discarded, and acknowledged where they are numbered", async (t) => {
    const { client, session } = await joined(t);
    client.send("TX_CHUNK", { txId: 1, seq: 0, payload: "nothing" });
    for (const name of ["TX_FINISH", "TX_CANCEL"]) {
      const ack = client.send(name, { txId: 1 });
      assert.equal((await client.nextOf("ACK")).ack, ack);
    }
    upload(client, 1, "up", [Buffer.from("a")]);
    client.send("TX_CHUNK", { txId: 1, seq: 1, payload: "after the end" });
    assert.equal(String(await buffer(await session.WaitForStream("up"))), "a");
  });
});

describe("before the client has announced itself", () => {
  test("WaitForStream waits", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet();
    const stream = session.WaitForStream("up");
    await client.announce();
    upload(client, 0, "up", [Buffer.from("x")]);
    assert.equal(String(await buffer(await stream)), "x");
  });

  test("WaitForStream rejects when the announcement is without the feature", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet();
    const stream = session.WaitForStream("up", 60_000);
    await caughtUp({ client, session });
    assert.equal(await settled(stream), false);
    client.send("ENDPOINT_INFO", { version: 1, features: 0n });
    await assert.rejects(stream, { code: "ERR_CRYO_NO_TRANSACTIONS" });
    await assert.rejects(session.WaitForStream("up"), { code: "ERR_CRYO_NO_TRANSACTIONS" });
  });
});
