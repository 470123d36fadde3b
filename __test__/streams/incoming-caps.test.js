"use strict";

// Streams that nobody claims: which of them go when there are too many, those that are complete or those that are still open.

const assert = require("node:assert/strict");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { caughtUp } = require("../support/pair");
const { joined } = require("../support/server");
const { cancelled, chunk, finish, noise, pieces, start, upload } = require("../support/transactions");

const ACKS = { acks: true };
const TIMEOUT = { code: "ERR_CRYO_STREAM_TIMEOUT" };

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

describe("open streams that are claimed", () => {
  /** A session whose application claims each stream as it comes, and what it has of them: streams, and codes of errors. */
  async function claiming(t, options) {
    const pair = await joined(t, options, ACKS);
    const readables = [];
    const errors = [];
    pair.session.stream.on("tx-start", (_txId, name) => {
      pair.session.WaitForStream(name).then((readable) => readables.push(readable.on("error", ({ code }) => errors.push(code))));
    });
    // What ends with its session, or is ended before it can be listened to.
    pair.server.on("error", ({ code }) => errors.push(code));
    const begin = (from, to) => {
      for (let at = from; at < to; at += 1000) {
        const count = Math.min(1000, to - at);
        const frames = Array.from({ length: count }, (_, n) => pair.client.message("TX_START", { txId: at + n, byteLength: -1, streamName: "up" }));
        pair.client.write(Buffer.concat(frames));
      }
    };
    return { ...pair, readables, errors, begin };
  }

  test("are limited in number: the newest ends with an error, and is cancelled", async (t) => {
    const { client, session, readables, errors, begin } = await claiming(t);
    begin(0, 20_000);
    const numbers = await cancelled({ client, session });
    assert.deepEqual(numbers, Array.from({ length: 20_000 - 4096 }, (_, n) => 4096 + n));
    assert.equal(readables.length, 20_000);
    assert.deepEqual(readables.filter(({ destroyed }) => !destroyed).map(({ txId }) => txId), Array.from({ length: 4096 }, (_, n) => n));
    assert.deepEqual(new Set(errors), new Set(["ERR_CRYO_STREAM_STORAGE"]));
    // One that ends makes room for another.
    finish(client, 7);
    start(client, 30_000, "up");
    assert.deepEqual(await cancelled({ client, session }), []);
    assert.equal(readables.at(-1).destroyed, false);
  });

  test("may be more where more may be open", async (t) => {
    const { client, session, errors, begin } = await claiming(t, { maxIncomingStreams: 5000 });
    begin(0, 5001);
    assert.deepEqual(await cancelled({ client, session }), [5000]);
    assert.equal(errors.length, 1);
  });

  test("leave no room for others beyond maxIncomingStreams, and stay themselves", async (t) => {
    const { client, session } = await joined(t, { maxIncomingStreams: 3 }, ACKS);
    for (let txId = 0; txId < 5; txId++) {
      const claim = session.WaitForStream("claimed");
      start(client, txId, "claimed");
      (await claim).on("error", () => {}); // the end of the test is that of its session
    }
    start(client, 5, "unclaimed");
    assert.deepEqual(await cancelled({ client, session }), [5]);
  });
});
