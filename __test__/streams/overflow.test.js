"use strict";

// Claimed streams that are read one after the other, and come at once: what waits its turn must not keep back what is read.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");
const { setFlagsFromString } = require("node:v8");
const { runInNewContext } = require("node:vm");

const { caughtUp } = require("../support/pair");
const { joined } = require("../support/server");
const { LIMIT, MIB, SMALL, begin, interleave, lookUntil, overcome, withLooks } = require("../support/standstill");
const { assertClosed, spilled } = require("../support/temporary-files");
const { chunk, finish, noise, pieces, sha256, start, upload } = require("../support/transactions");
const { event, until } = require("../support/wait");

const onLinux = { skip: process.platform !== "linux" };

describe("streams that are read one after the other, and come at once", () => {
  for (const [count, size] of [[2, 4 * MIB], [10, 300_000]]) {
    test(`arrive whole: ${count}`, async (t) => {
      const pair = await joined(t, SMALL);
      const readables = await begin(pair, count);
      const bodies = readables.map((_, n) => noise(size + n, n + 1));
      interleave(pair.client, bodies, 30_000);
      readables.forEach((_, txId) => finish(pair.client, txId));
      const message = event(pair.session, "message-utf8");
      pair.client.send("UTF8DATA", { payload: "behind it" });
      for (const [n, readable] of readables.entries()) assert.equal(sha256(await buffer(readable)), sha256(bodies[n]));
      assert.deepEqual(await message, ["behind it"]);
      await assertClosed();
    });
  }

  test("arrive whole where one that was complete is in the way", async (t) => {
    const pair = await joined(t, SMALL);
    const [last, first] = await begin(pair, 2);
    const body = noise(LIMIT);
    chunk(pair.client, 0, body);
    finish(pair.client, 0);
    chunk(pair.client, 1, "x");
    finish(pair.client, 1);
    assert.equal(String(await buffer(first)), "x");
    assert.equal(sha256(await buffer(last)), sha256(body));
  });

  test("keep their chunks as they were", async (t) => {
    const pair = await joined(t, SMALL);
    const [last, first] = await begin(pair, 2);
    const lengths = [1, 300_000, 2, 70_000, 262_144 - 4, 3 * MIB, ...Array(5000).fill(3), 65_536];
    const chunks = lengths.map((length, n) => noise(length, n + 1));
    for (const payload of chunks) chunk(pair.client, 0, payload);
    finish(pair.client, 0);
    finish(pair.client, 1);
    await buffer(first);
    const read = [];
    last.on("data", (data) => read.push(data));
    await event(last, "end");
    assert.deepEqual(read.map(({ length }) => length), lengths);
    assert.equal(sha256(read), sha256(chunks));
  });

  test("arrive whole where all were read a little before, and Node.js has more than may wait", async (t) => {
    const { look } = withLooks(t);
    const pair = await joined(t, { ...SMALL, maxUnreadBytes: 300_000 });
    const readables = await begin(pair, 5);
    const bodies = readables.map((_, n) => noise(800_000, n + 1));
    interleave(pair.client, bodies, 80_000);
    readables.forEach((_, txId) => finish(pair.client, txId));
    const iterators = readables.map((readable) => readable[Symbol.asyncIterator]());
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (const [n, iterator] of iterators.entries()) {
      const parts = [heads[n].value];
      const read = (async () => {
        for await (const part of iterator) parts.push(part);
      })();
      await lookUntil(look, () => readables[n].readableEnded, `the end of stream ${n}`);
      await read;
      assert.equal(sha256(parts), sha256(bodies[n]));
    }
    await assertClosed();
  });

  test("arrive whole where one chunk is more than Node.js may have of those that wait", async (t) => {
    const { look } = withLooks(t);
    const pair = await joined(t, SMALL);
    const [last, first] = await begin(pair, 2);
    const chunks = [1, 2, 3].map((seed) => noise(MIB, seed));
    const iterator = last[Symbol.asyncIterator]();
    const head = iterator.next();
    for (const payload of chunks) chunk(pair.client, 0, payload);
    await head;
    chunk(pair.client, 1, "x");
    finish(pair.client, 0);
    finish(pair.client, 1);
    let body = null;
    buffer(first).then((bytes) => (body = bytes));
    await lookUntil(look, () => body, "what waits behind them");
    assert.equal(String(body), "x");
    const parts = [(await head).value];
    for await (const part of iterator) parts.push(part);
    assert.equal(sha256(parts), sha256(chunks));
    await assertClosed();
  });

  test("may be waited for while one is in the way", async (t) => {
    const pair = await joined(t, SMALL);
    const [first] = await begin(pair, 1);
    const body = noise(MIB);
    for (const payload of pieces(body, 10_000)) chunk(pair.client, 0, payload);
    upload(pair.client, 1, "second", [Buffer.from("there")]);
    const second = await pair.session.WaitForStream("second", 20_000);
    finish(pair.client, 0);
    assert.equal(sha256(await buffer(first)), sha256(body));
    assert.equal(String(await buffer(second)), "there");
  });
});

describe("a stream that nobody reads, and that keeps less than may wait", () => {
  /** Two claimed streams: one that is to be read, and one of which nearly as much waits as may. */
  async function nearlyFull(t) {
    const pair = await joined(t);
    const [read, unread] = await begin(pair, 2);
    for (const readable of [read, unread]) readable.on("error", () => {}); // the end of the test is that of its session
    for (let n = 0; n < 62; n++) {
      chunk(pair.client, 1, noise(16_384));
      if (n % 8 === 0) await caughtUp(pair);
    }
    await caughtUp(pair);
    return { ...pair, read };
  }

  test("keeps nobody waiting where another one, which is not claimed, has come and goes on", async (t) => {
    const pair = await nearlyFull(t);
    start(pair.client, 2, "unclaimed");
    await caughtUp(pair);
    chunk(pair.client, 2, noise(2000));
    chunk(pair.client, 0, "all of it");
    finish(pair.client, 0);
    await caughtUp(pair);
    assert.equal(String(await buffer(pair.read)), "all of it");
  });

  test("keeps nobody waiting where many have come and ended", async (t) => {
    const pair = await nearlyFull(t);
    for (let txId = 10; txId < 30; txId++) {
      upload(pair.client, txId, `file ${txId}`, []);
      await caughtUp(pair);
    }
    assert.equal((await pair.session.WaitForStream("file 29")).txId, 29);
  });
});

test("streams that are read slowly at once need no file", async (t) => {
  const { look } = withLooks(t);
  const opened = t.mock.method(fs.promises, "open");
  const pair = await joined(t, SMALL);
  const readables = await begin(pair, 2);
  const bodies = readables.map((_, n) => noise(600_000, n + 1));
  interleave(pair.client, bodies, 10_000);
  readables.forEach((_, txId) => finish(pair.client, txId));
  const received = [[], []];
  const iterators = readables.map((readable) => readable[Symbol.asyncIterator]());
  let left = bodies[0].length * 2;
  const isFull = () => pair.session.rx > Math.min(left, LIMIT) + bodies[0].length * 2 - left;
  let looks = 0; // none before both were read a little
  while (!readables.every(({ readableEnded }) => readableEnded)) {
    for (const [n, iterator] of iterators.entries()) {
      await until(isFull, "as much as may wait");
      look(looks);
      const { done, value } = await iterator.next();
      if (done) continue;
      received[n].push(value);
      left -= value.length;
    }
    looks = 3;
  }
  received.forEach((parts, n) => assert.equal(sha256(parts), sha256(bodies[n])));
  assert.equal(opened.mock.callCount(), 0);
});

describe("an idle stream that was moved to a file", () => {
  test("is read on when its client goes on sending, and finishes", async (t) => {
    const { client, idle, body, text } = await overcome(t);
    const more = noise(500_000, 9);
    const whole = buffer(idle);
    for (const payload of pieces(more, 20_000)) chunk(client, 0, payload);
    finish(client, 0);
    finish(client, 1);
    assert.equal(await text, "ab");
    assert.equal(sha256(await whole), sha256([body, more]));
    await assertClosed();
  });

  test("is cancelled when the application destroys it", async (t) => {
    const { client, idle, text } = await overcome(t);
    idle.destroy();
    assert.equal((await client.nextOf("TX_CANCEL")).txId, 0);
    finish(client, 1);
    assert.equal(await text, "ab");
    await assertClosed();
  });

  test("ends when its client cancels it", async (t) => {
    const { client, idle, text } = await overcome(t);
    client.send("TX_CANCEL", { txId: 0 });
    await until(() => idle.errored, "the stream's end");
    assert.equal(idle.errored.code, "ERR_CRYO_STREAM_CANCELLED");
    finish(client, 1);
    assert.equal(await text, "ab");
    await assertClosed();
  });

  test("ends with its session while it is open", async (t) => {
    const { client, session, idle, text } = await overcome(t);
    const rejected = assert.rejects(text, { code: "ERR_CRYO_STREAM_PREMATURE_CLOSE" });
    client.reset();
    await event(session, "closed");
    assert.equal(idle.errored.code, "ERR_CRYO_STREAM_PREMATURE_CLOSE");
    await rejected;
    await assertClosed();
  });

  test("can be read when its session is over, if it is complete", async (t) => {
    const { client, session, idle, body, text } = await overcome(t);
    finish(client, 0);
    finish(client, 1);
    assert.equal(await text, "ab");
    client.reset();
    await event(session, "closed");
    assert.equal(sha256(await buffer(idle)), sha256(body));
    await assertClosed();
  });

  test("leaves no file where the application lets go of it", onLinux, async (t) => {
    await (async () => {
      const { client, session, idle, text } = await overcome(t);
      session.Set("forgotten", idle);
      finish(client, 0);
      finish(client, 1);
      await text;
      client.reset();
      await event(session, "closed");
      assert.equal(spilled().length, 1);
    })();
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc");
    await until(() => {
      collect();
      return spilled().length === 0;
    }, "the file to be closed");
  });

  test("fails where the file has lost its data", onLinux, async (t) => {
    const { client, idle, text } = await overcome(t);
    fs.truncateSync(path.join("/proc/self/fd", spilled()[0]));
    await assert.rejects(buffer(idle), { code: "ERR_CRYO_STREAM_STORAGE", message: /stream '0' can't be read/ });
    assert.equal((await client.nextOf("TX_CANCEL")).txId, 0);
    finish(client, 1);
    assert.equal(await text, "ab");
    await assertClosed();
  });
});
