"use strict";

// Streams that the server pushes: every kind of source, pace, fairness, and how they end.

const assert = require("node:assert/strict");
const { PassThrough, Readable, Writable } = require("node:stream");
const { describe, test } = require("node:test");

const certificate = require("../support/certs");
const { caughtUp } = require("../support/pair");
const { Harness, joined } = require("../support/server");
const { download, noise, pieces, sha256 } = require("../support/transactions");
const { deferred, event, settled } = require("../support/wait");

const ACKS = { acks: true };
const TLS = { ssl: certificate };

/** A source that goes silent without an end, and says when it was told to stop. */
function endless(first = "tick") {
  const stopped = deferred();
  async function* generate() {
    try {
      for (;;) yield first;
    } finally {
      stopped.resolve();
    }
  }
  return { source: generate(), stopped: stopped.promise };
}

describe("the source of an outgoing stream", () => {
  const text = "grüße ✓";
  const bytes = Buffer.from(text);
  const exact = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const SOURCES = {
    "a Readable of Buffers": () => Readable.from([bytes]),
    "a Readable of strings": () => Readable.from([text], { encoding: "utf8" }),
    "a PassThrough": () => new PassThrough().end(bytes),
    "a WHATWG ReadableStream": () => new Blob([bytes]).stream(),
    "an array of Buffers": () => [bytes.subarray(0, 3), bytes.subarray(3)],
    "an array of views": () => [new Uint8Array(exact), new Uint16Array(0)],
    "an array of ArrayBuffers": () => [exact],
    "an array of promises": () => [Promise.resolve(text)],
    "a generator": () => (function* () { yield text; })(),
    "an async generator": () => (async function* () { yield bytes; })(),
    "a string": () => text,
    "a Buffer": () => bytes,
  };
  for (const [label, source] of Object.entries(SOURCES)) {
    test(`can be ${label}`, async (t) => {
      const { client, session } = await joined(t, {}, ACKS);
      const streamed = session.Stream(source());
      const { name, byteLength, chunks } = await download(client);
      await streamed;
      assert.deepEqual([name, byteLength, String(Buffer.concat(chunks))], ["anonymous", -1, text]);
    });
  }

  test("must be one of these, and the name a string", async (t) => {
    const { session } = await joined(t);
    const writable = new Writable({ write: (_chunk, _encoding, done) => done() });
    for (const source of [undefined, null, 7, {}, writable]) {
      await assert.rejects(session.Stream(source), { name: "TypeError", code: "ERR_CRYO_INVALID_ARGUMENT" });
    }
    await assert.rejects(session.Stream([], 7), { name: "TypeError", code: "ERR_CRYO_INVALID_ARGUMENT" });
  });

  test("may have no pieces, and then the stream has no chunks", async (t) => {
    const { client, session } = await joined(t, {}, ACKS);
    const streamed = session.Stream([]);
    assert.deepEqual((await download(client)).chunks, []);
    await streamed;
  });

  for (const [label, options] of Object.entries({ plain: {}, TLS })) {
    test(`arrives whole, cut into chunks, ${label}`, async (t) => {
      const { client, session } = await joined(t, { ...options, streamChunkBytes: 10_000 }, ACKS);
      const body = noise(5 * 1024 * 1024 + 3);
      const streamed = session.Stream(pieces(body, 123_456), "down");
      const { chunks } = await download(client);
      await streamed;
      assert.ok(chunks.every((chunk) => chunk.length <= 10_000));
      assert.equal(sha256(chunks), sha256(body));
    });
  }

  test("in one piece larger than 16 MiB is cut as well", async (t) => {
    const { client, session } = await joined(t, { streamChunkBytes: 16 * 1024 * 1024 }, ACKS);
    const body = noise(16 * 1024 * 1024 + 1);
    const streamed = session.Stream([body]);
    const { chunks } = await download(client);
    await streamed;
    assert.deepEqual(chunks.map(({ length }) => length), [16 * 1024 * 1024, 1]);
    assert.equal(sha256(chunks), sha256(body));
  });
});

describe("several streams and messages", () => {
  test("share a session", async (t) => {
    const { client, session } = await joined(t, {}, ACKS);
    const bodies = [1, 2, 3].map((seed) => noise(1024 * 1024, seed));
    const streamed = Promise.all(bodies.map((body, i) => session.Stream([body], `s${i}`)));
    const received = new Map();
    for (let finished = 0; finished < 3; ) {
      const frame = await client.next();
      if (frame.name === "TX_START") received.set(frame.txId, []);
      if (frame.name === "TX_CHUNK") received.get(frame.txId).push(frame.payload);
      if (frame.name === "TX_FINISH") finished++;
    }
    await streamed;
    assert.deepEqual([...received.values()].map(sha256), bodies.map(sha256));
  });

  test("take turns: nobody waits for another to end", async (t) => {
    const { client, session } = await joined(t, {}, ACKS);
    const { source } = endless(noise(65_536));
    session.Stream(source, "endless");
    await client.nextOf("TX_CHUNK");
    session.Stream([noise(200_000)], "short");
    const sent = session.SendUTF8("hello");
    assert.equal((await client.nextOf("UTF8DATA")).payload, "hello");
    await client.nextOf("TX_FINISH");
    await sent;
  });
});

test("a message sent during a stream does not wait for what the source gives after it", async (t) => {
  const { client, session } = await joined(t, {}, ACKS);
  let given = 0;
  session.Stream((function* () { for (;;) { given++; yield Buffer.alloc(65_536); } })());
  await client.nextOf("TX_CHUNK");
  client.pause();
  // Until the sockets between the two are full.
  for (let before = -1; before !== given; await new Promise((resolve) => setTimeout(resolve, 200))) before = given;
  const atRest = given;
  assert.ok(session.queued.bytes <= 6 * 65_536, `${session.queued.bytes} bytes stand before the message`);
  session.SendUTF8("hello");
  client.resume();
  let chunks = 1;
  for (let frame = await client.next(); frame.name !== "UTF8DATA"; frame = await client.next()) {
    if (frame.name === "TX_CHUNK") chunks++;
  }
  assert.ok(chunks <= atRest, `${chunks} chunks came before the message, of ${atRest} that the source had given`);
});

describe("an outgoing stream", () => {
  test("waits for the client to announce itself", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet(ACKS);
    const streamed = session.Stream(["early"], "down");
    await client.announce();
    assert.equal(String(Buffer.concat((await download(client)).chunks)), "early");
    await streamed;
  });

  test("keeps its place among those that are begun before and behind the announcement", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet(ACKS);
    const streamed = ["first", "second"].map((name) => session.Stream([name], name));
    session.on("connected", () => streamed.push(session.Stream(["third"], "third")));
    await client.announce();
    const names = [];
    while (names.length < 3) names.push((await client.nextOf("TX_START")).streamName);
    assert.deepEqual(names, ["first", "second", "third"]);
    await Promise.all(streamed);
  });

  test("rejects without the feature, and its source is destroyed", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet();
    const source = new PassThrough();
    const streamed = session.Stream(source);
    client.send("ENDPOINT_INFO", { version: 1, features: 0n });
    await assert.rejects(streamed, { code: "ERR_CRYO_NO_TRANSACTIONS" });
    assert.ok(source.destroyed);
    await assert.rejects(session.Stream([]), { code: "ERR_CRYO_NO_TRANSACTIONS" });
  });

  test("rejects when the client never announces itself", async (t) => {
    const harness = await Harness.start(t);
    const { session } = await harness.meet();
    await assert.rejects(session.Stream(["x"]), { code: "ERR_CRYO_NO_TRANSACTIONS" });
    await assert.rejects(session.SetIncomingFlowControl(1), { code: "ERR_CRYO_NO_TRANSACTIONS" });
  });

  test("sends no chunk before TX_START is acknowledged, and is not through before TX_FINISH is", async (t) => {
    const { client, session } = await joined(t);
    const streamed = session.Stream(["x"]);
    const start = await client.next();
    client.send("PING_PONG", { payload: "ping" });
    assert.equal((await client.next()).payload, "pong");
    client.send("ACK", { ack: start.ack });
    await client.nextOf("TX_CHUNK");
    const finish = await client.nextOf("TX_FINISH");
    await caughtUp({ client, session });
    assert.equal(await settled(streamed), false);
    client.send("ACK", { ack: finish.ack });
    await streamed;
  });

  // What cuts a stream short: how, and the code of its promise where that rejects.
  const CUTS = {
    "the server is destroyed": [(_client, _txId, server) => server.Destroy(), "ERR_CRYO_SESSION_CLOSED"],
    "the session is closed": [(_client, _txId, _server, session) => session.Close(), "ERR_CRYO_SESSION_CLOSED"],
    "the client reads no more": [(client) => client.pause(), "ERR_CRYO_SESSION_CLOSED"],
    "the client cancels": [(client, txId) => client.send("TX_CANCEL", { txId }), "ERR_CRYO_STREAM_CANCELLED"],
    "the client vanishes": [(client) => client.reset(), "ERR_CRYO_SESSION_CLOSED"],
    "the client leaves": [(client) => client.send("BYE", { reason: "enough" }), "ERR_CRYO_SESSION_CLOSED"],
  };
  for (const [label, [cut, code]] of Object.entries(CUTS)) {
    for (const undelivered of ["pending", "reject"]) {
      test(`is cut short when ${label}: undelivered "${undelivered}"`, async (t) => {
        const { client, session, server } = await joined(t, { undelivered, keepAliveIntervalMs: 1000 }, ACKS);
        const { source, stopped } = endless(Buffer.alloc(65_536));
        const streamed = session.Stream(source);
        const { txId } = await client.nextOf("TX_CHUNK");
        cut(client, txId, server, session);
        if (undelivered === "reject") await assert.rejects(streamed, { code });
        else await streamed;
        await stopped;
      });
    }
  }

  test("whose source fails is cancelled and reported", async (t) => {
    const { client, session, server } = await joined(t, {}, ACKS);
    const failure = new Error("disk on fire");
    const reported = event(server, "error");
    await session.Stream((async function* () { yield "a"; throw failure; })());
    const [error, where] = await reported;
    assert.deepEqual([error.code, error.cause, where], ["ERR_CRYO_STREAM_SOURCE", failure, session]);
    const { txId } = await client.nextOf("TX_START");
    assert.equal((await client.nextOf("TX_CANCEL")).txId, txId);
  });

  test('whose source fails rejects where undelivered is "reject"', async (t) => {
    const { client, session } = await joined(t, { undelivered: "reject" }, ACKS);
    const source = new PassThrough();
    const streamed = session.Stream(source);
    await client.nextOf("TX_START");
    source.destroy(new Error("gone"));
    await assert.rejects(streamed, ({ code, cause }) => code === "ERR_CRYO_STREAM_SOURCE" && cause.message === "gone");
    await assert.rejects(session.Stream([7]), ({ code, cause }) => code === "ERR_CRYO_STREAM_SOURCE" && cause.name === "TypeError");
  });

  test("on a closed session resolves, and its source is destroyed", async (t) => {
    const { client, session } = await joined(t);
    client.close();
    await event(session, "closed");
    const source = new PassThrough();
    await session.Stream(source);
    assert.ok(source.destroyed);
  });
});

test("a client that reads one MB a second takes no more than that from the source, and other sessions notice nothing", async (t) => {
  const harness = await Harness.start(t);
  const slow = await harness.join(ACKS);
  const other = await harness.join(ACKS);
  other.session.on("message-utf8", (text) => other.session.SendUTF8(text));
  let given = 0;
  // 10 GiB: far more than there is time for.
  slow.session.Stream((function* () { for (; given < 160 * 1024; given++) yield Buffer.alloc(65_536); })());
  let taken = 0;
  for (let second = 0; second < 2; second++) {
    for (let sixteenth = 0; sixteenth < 16; sixteenth++, taken++) {
      slow.client.resume();
      await slow.client.nextOf("TX_CHUNK");
      slow.client.pause();
      other.client.send("UTF8DATA", { payload: `${taken}` });
      assert.equal((await other.client.nextOf("UTF8DATA")).payload, `${taken}`);
      await new Promise((resolve) => setTimeout(resolve, 1000 / 16));
    }
  }
  const ahead = (given - taken) * 65_536;
  assert.ok(ahead < 32 * 1024 * 1024, `${ahead} bytes were taken from the source ahead of the client`);
});
