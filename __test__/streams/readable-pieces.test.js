"use strict";

// What reading an incoming stream by hand gives: what a Readable gives into which the same chunks were pushed.

const assert = require("node:assert/strict");
const { Readable } = require("node:stream");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { caughtUp } = require("../support/pair");
const { joined } = require("../support/server");
const { noise, pieces, sha256 } = require("../support/transactions");
const { event } = require("../support/wait");

/** A claimed stream of which these chunks have come. */
async function come(t, chunks, options) {
  const { client, session } = await joined(t, options);
  const claim = session.WaitForStream("up");
  client.send("TX_START", { txId: 0, byteLength: -1, streamName: "up" });
  const readable = await claim;
  const send = (payload) => client.send("TX_CHUNK", { txId: 0, seq: 0, payload });
  chunks.forEach(send);
  await caughtUp({ client, session });
  const finish = () => {
    client.send("TX_FINISH", { txId: 0 });
    return caughtUp({ client, session });
  };
  return { client, session, readable, send, finish };
}

/** The same as Node.js has it. */
function plain(chunks) {
  const readable = new Readable({ read() {} });
  for (const chunk of chunks) readable.push(chunk);
  return readable;
}

/** What one read() after the other gives until there is nothing left. How much that is each time differs between versions of Node.js. */
function reads(readable) {
  const texts = [];
  for (let piece = readable.read(); piece !== null; piece = readable.read()) texts.push(String(piece));
  return texts;
}

const CHUNKS = ["aa", "bb", "cc"];

describe("a first read() of an incoming stream", () => {
  test("gives all that has come", async (t) => {
    const { readable } = await come(t, CHUNKS);
    assert.deepEqual(reads(readable), reads(plain(CHUNKS)));
  });

  test("gives as much as it is asked for", async (t) => {
    const { readable } = await come(t, CHUNKS);
    const like = plain(CHUNKS);
    for (const size of [3, 2, 5, 1]) assert.deepEqual(readable.read(size), like.read(size), `read(${size})`);
  });

  test("gives all of a complete one, and then the end", async (t) => {
    const { readable, finish } = await come(t, CHUNKS);
    await finish();
    const ended = event(readable, "end");
    assert.deepEqual(reads(readable), reads(plain(CHUNKS)));
    await ended;
  });

  test("gives what was put back before", async (t) => {
    const { readable } = await come(t, CHUNKS);
    readable.unshift(Buffer.from("__"));
    assert.deepEqual(reads(readable), reads(plain(["__", ...CHUNKS])));
  });

  test("gives text where an encoding was set", async (t) => {
    const euro = Buffer.from("€");
    const { readable } = await come(t, [euro.subarray(0, 1), euro.subarray(1), Buffer.from("!")]);
    assert.equal(reads(readable.setEncoding("utf8")).join(""), "€!");
  });

  test("keeps what Node.js buffers within its high-water mark", async (t) => {
    const body = noise(1_000_000);
    const { readable, finish } = await come(t, pieces(body, 10_000));
    const first = readable.read();
    assert.ok(first.length <= readable.readableHighWaterMark + 10_000, `${first.length} bytes at once`);
    assert.ok(readable.readableLength <= readable.readableHighWaterMark + 10_000, `${readable.readableLength} bytes are buffered`);
    await finish();
    assert.equal(sha256([first, await buffer(readable)]), sha256(body));
  });
});

describe("an incoming stream that is read as it comes", () => {
  test("can be paused by what hears a chunk of it", async (t) => {
    const { readable, send, client, session } = await come(t, []);
    const heard = [];
    readable.on("data", (bytes) => heard.push(String(bytes)));
    readable.once("data", () => readable.pause());
    CHUNKS.forEach(send);
    await caughtUp({ client, session });
    assert.deepEqual(heard, ["aa"]);
    readable.resume();
    await caughtUp({ client, session });
    assert.deepEqual(heard, CHUNKS);
  });

  test("can be destroyed by what hears a chunk of it", async (t) => {
    const { readable, send, client, session } = await come(t, []);
    const heard = [];
    readable.on("data", (bytes) => {
      heard.push(String(bytes));
      readable.destroy();
    });
    CHUNKS.forEach(send);
    assert.equal((await client.nextOf("TX_CANCEL")).txId, 0);
    await caughtUp({ client, session });
    assert.deepEqual(heard, ["aa"]);
  });

  test("gives its chunks in order to who reads on inside of a listener", async (t) => {
    const { readable, finish } = await come(t, CHUNKS);
    const heard = [];
    const ended = event(readable, "end");
    readable.on("data", (bytes) => {
      heard.push(String(bytes));
      readable.read();
    });
    await finish();
    await ended;
    assert.equal(heard.join(""), "aabbcc");
  });
});
