"use strict";

// Streams far larger than what the server may keep of them. CRYO_TEST_PULL_MIB sets the size of the fetched one; 3072 takes a minute or two.

const assert = require("node:assert/strict");
const { createHash } = require("node:crypto");
const { describe, test } = require("node:test");

const { join } = require("../support/clients");
const { spawnApp } = require("../support/process");
const { joined } = require("../support/server");
const { together } = require("../support/together");
const { ALL } = require("../support/transactions");
const { event } = require("../support/wait");

const MIB = 1024 * 1024;
const PULL_MIB = Number(process.env.CRYO_TEST_PULL_MIB ?? 384);

/** What the process may grow by, in MiB: 16 for the session, the rest for garbage that is not collected yet. */
const ALLOWED = 64;

/** A server that does one thing with its session, and tells how its memory grew. */
function application({ cryo, send, argument: { mode, pieces } }) {
  const MIB = 1024 * 1024;
  const piece = Buffer.alloc(64 * 1024, "x");
  let produced = 0;
  let highest = 0;
  let before = 0;
  function* source() {
    while (produced < pieces) {
      piece.writeUInt32BE(produced++);
      yield piece;
    }
  }
  const look = () => (highest = Math.max(highest, process.memoryUsage.rss()));
  const figures = () => {
    look();
    return { produced, grown: (highest - before) / MIB };
  };
  setInterval(look, 20);
  const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
  server.on("error", () => {});
  server.on("listening", () => send(server.http_server.address().port));
  server.on("session", (session) => {
    session.on("connected", async () => {
      // What every stream needs is not what this one costs.
      if (mode === "out") await session.Stream([piece], "first");
      before = process.memoryUsage.rss();
      highest = before;
      if (mode === "in") await session.WaitForStream("up");
      else if (mode === "out") session.Stream(source(), "down");
      else session.on("message-utf8", () => session.Stream(source(), "down").then(() => send(figures())));
    });
  });
  process.on("message", () => send(figures()));
}

async function meet(t, argument) {
  const app = spawnApp(t, application, argument);
  const client = await join(t, { port: await app.next("its port"), acks: true, pongs: true });
  return { app, client };
}

/** The application's figures once its source is not read any more. */
async function atRest(app) {
  for (let last = -1; ; ) {
    app.tell("figures?");
    const figures = await app.next("figures");
    if (figures.produced === last) return figures;
    last = figures.produced;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

describe("memory stays bounded with", () => {
  test("a source without end, and a client that stops reading and goes on", async (t) => {
    const { app, client } = await meet(t, { mode: "out", pieces: 160 * 1024 });
    while ((await client.nextOf("TX_START")).streamName !== "down");
    await client.nextOf("TX_CHUNK");
    client.pause();
    const stopped = await atRest(app);
    assert.ok(stopped.produced * 64 * 1024 < ALLOWED * MIB, `${stopped.produced} pieces were taken for a client that does not read`);
    client.resume();
    for (let seq = 0; seq < 2 * stopped.produced; ) ({ seq } = await client.nextOf("TX_CHUNK"));
    client.pause();
    const { grown } = await atRest(app);
    assert.ok(grown < ALLOWED, `grown by ${grown} MiB`);
  });

  test("a client that sends, and an application that does not read", async (t) => {
    const { app, client } = await meet(t, { mode: "in", pieces: 0 });
    client.send("TX_START", { txId: 0, byteLength: -1, streamName: "up" });
    const chunk = client.message("TX_CHUNK", { txId: 0, seq: 0, payload: Buffer.alloc(64 * 1024) });
    let written = 0;
    const more = () => {
      while (written < 512 * MIB && client.socket.write(chunk)) written += chunk.length;
    };
    client.socket.on("drain", more);
    more();
    for (let last = -1; last !== written; ) {
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    assert.ok(written < 128 * MIB, `${written} bytes were taken for an application that does not read`);
    const { grown } = await atRest(app);
    assert.ok(grown < ALLOWED, `grown by ${grown} MiB`);
  });

  test(`a fetched stream of ${PULL_MIB} MiB`, async (t) => {
    const { app, client } = await meet(t, { mode: "pull", pieces: PULL_MIB * 16 });
    client.send("TX_FLOW", { behaviour: 1 });
    client.send("UTF8DATA", { payload: "now" });
    const { txId, byteLength } = await client.nextOf("TX_START", 600_000);
    assert.equal(byteLength, PULL_MIB < 2048 ? PULL_MIB * MIB : -1);
    client.send("TX_FETCH", { txId, ...ALL });
    const received = createHash("sha256");
    const expected = createHash("sha256");
    const piece = Buffer.alloc(64 * 1024, "x");
    for (let seq = 0; seq < PULL_MIB * 16; seq++) {
      received.update((await client.nextOf("TX_CHUNK")).payload);
      piece.writeUInt32BE(seq);
      expected.update(piece);
    }
    await client.nextOf("TX_FINISH");
    assert.equal(received.digest("hex"), expected.digest("hex"));
    const { grown } = await app.next("figures");
    t.diagnostic(`grown by ${grown} MiB`);
    assert.ok(grown < ALLOWED, `grown by ${grown} MiB`);
  });
});

for (const length of [100, 5000, 16_384, 20_000, 32_768]) {
  test(`a chunk of ${length} bytes keeps no more memory than that, also among messages`, async (t) => {
    const pair = await joined(t);
    const chunks = [];
    const messages = [];
    pair.session.stream.on("tx-chunk", (_txId, chunk) => chunks.push(chunk));
    pair.session.on("message-binary", (message) => messages.push(message));
    const payload = (n) => Buffer.alloc(length, n);
    const chunk = (n) => [pair, ["TX_CHUNK", { txId: 0, seq: 0, payload: payload(n) }]];
    const message = (n) => [pair, ["BINARYDATA", { payload: payload(n) }]];
    const done = event(pair.session, "message-utf8");
    together(
      [pair, ["TX_START", { txId: 0, byteLength: -1, streamName: "up" }]],
      ...[chunk(1), chunk(2), chunk(3), message(4), message(5), chunk(6), message(7), chunk(8), chunk(9), message(10), message(11)],
      [pair, ["UTF8DATA", { payload: "done" }]],
    );
    await done;
    assert.deepEqual(chunks, [1, 2, 3, 6, 8, 9].map(payload));
    assert.deepEqual(messages, [4, 5, 7, 10, 11].map(payload));
    assert.deepEqual(chunks.map(({ buffer }) => buffer.byteLength), Array(6).fill(length));
  });
}
