"use strict";

// Memory under pressure, in a process of its own: what a slow reader or a slow hook can cost a server.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { connect } = require("../support/clients");
const { spawnApp } = require("../support/process");
const { Harness, joined } = require("../support/server");
const { event } = require("../support/wait");

const MIB = 1024 * 1024;

/** What a process may grow by for reasons other than queues, in bytes: garbage, buffers on their way, allocators. */
const CONSTANT = 64 * MIB;

describe("a flood of sends to a stuck reader stays within the limits", () => {
  const backpressure = { highWaterMark: 2 * MIB, lowWaterMark: MIB, maxQueuedBytes: 8 * MIB, maxQueueCount: 100_000 };
  for (const dropPolicy of ["drop-oldest", "drop-newest", "dedupe-latest"]) {
    test(dropPolicy, async (t) => {
      const flood = async ({ cryo, send, argument }) => {
        const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0, backpressure: argument });
        server.on("listening", () => send(server.http_server.address().port));
        server.on("session", async (session) => {
          const before = process.memoryUsage.rss();
          // One for all, as newer versions of Node.js let more garbage lie than the queue may hold.
          const block = Buffer.alloc(64 * 1024);
          let most = 0;
          for (let n = 0; n < 8000; n++) {
            block.writeUInt32LE(n);
            session.SendBinary(block);
            if (n % 16 === 0) await new Promise(setImmediate);
            most = Math.max(most, process.memoryUsage.rss() - before);
          }
          send({ most, queued: session.queued, dropped: session.dropped });
        });
      };
      const app = spawnApp(t, flood, { ...backpressure, dropPolicy });
      const client = await connect(t, { port: await app.next("the port") });
      client.pause();
      const { most, queued, dropped } = await app.next("the figures");
      assert.ok(dropped > 7000, `${dropped} of 8000 dropped`);
      assert.ok(queued.bytes <= backpressure.maxQueuedBytes + backpressure.highWaterMark + MIB, `${queued.bytes} bytes queued`);
      // Twice the high water mark: what the socket is given moves in a buffer of its own.
      const bound = backpressure.maxQueuedBytes + 2 * backpressure.highWaterMark + CONSTANT;
      assert.ok(most < bound, `${most / MIB} MiB more for 500 MiB sent`);
    });
  }
});

test("what can't be dropped closes a session whose peer never reads it", async (t) => {
  const harness = await Harness.start(t, { backpressure: "optimize_memory", closeTimeoutMs: 200 });
  const { client, session } = await harness.join();
  client.pause();
  const closed = event(session, "closed");
  const text = "x".repeat(MIB);
  let open = true;
  session.once("closed", () => (open = false));
  let errors = 0;
  // 4 * 2 MiB + 16 MiB may wait, and the kernel's buffers take some more.
  while (open && errors < 100) {
    session.SendError(text);
    errors++;
    await new Promise(setImmediate);
  }
  await closed;
  assert.ok(errors > 24, `${errors} MiB were enough`);
});

describe("what can't be dropped closes a session whose hooks never let it go", () => {
  const OVERFLOW = { code: 4002, reason: "Too much is queued for a peer that does not read." };

  /** A session with a hook that never settles, the limit for it 16 MiB and four bytes. */
  async function stuck(t, hook, undelivered) {
    const harness = await Harness.start(t, { backpressure: { maxQueuedBytes: 1 }, undelivered });
    harness.server.RegisterExtension({ name: "stuck", [hook]: () => new Promise(() => {}) });
    return harness.join({ acks: true });
  }

  for (const [hook, first] of [["before_send_error", "SendError"], ["before_send_utf8", "SendUTF8"]]) {
    test(`large errors behind ${hook}`, async (t) => {
      const { client, session } = await stuck(t, hook, "reject");
      const text = "x".repeat(MIB);
      // It is with the hook, and does not wait.
      const sends = [session[first](text)];
      for (let n = 0; n < 15; n++) sends.push(session.SendError(text));
      assert.equal(session.queued.bytes, 15 * MIB);
      sends.push(session.SendError(text), session.SendError("too late"));
      assert.deepEqual(session.queued, { bytes: 0, frames: 0 });
      assert.deepEqual(await client.closed(), OVERFLOW);
      for (const sent of sends) await assert.rejects(sent, { code: "ERR_CRYO_SESSION_CLOSED" });
    });
  }

  test("small errors, which cost more than their bytes", async (t) => {
    const { client, session } = await stuck(t, "before_send_error", "pending");
    for (let n = 0; n < 100_000; n++) session.SendError("");
    assert.deepEqual(await client.closed(), OVERFLOW);
  });

  test("requests for ranges of a stream", async (t) => {
    const { client, session } = await stuck(t, "before_send_error", "pending");
    const stream = session.WaitForStream("up");
    client.send("TX_START", { txId: 0, byteLength: -1, streamName: "up" });
    const readable = await stream;
    session.SendError("");
    for (let n = 0; n < 100_000; n++) session.StreamFetchRange(readable, n, n + 1);
    assert.deepEqual(await client.closed(), OVERFLOW);
  });
});

describe("a flood of messages to a slow hook", () => {
  const app = ({ cryo, send }) => {
    const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0, keepAliveIntervalMs: 200 });
    let open;
    const gate = new Promise((resolve) => (open = resolve));
    process.on("message", open);
    server.RegisterExtension({ name: "slow", on_receive_binary: () => gate });
    server.on("listening", () => send(server.http_server.address().port));
    server.on("session", (session) => {
      const before = process.memoryUsage.rss();
      let rounds = 0;
      let received = 0;
      session.on("stat-bytes-rx", (rx) => {
        if (++rounds === 8) send({ rx, more: process.memoryUsage.rss() - before });
      });
      session.on("message-binary", () => {
        if (++received === 2048) send("all");
      });
      session.on("closed", () => send("closed"));
    });
  };

  test("is not read while the hook runs, costs no memory, and is delivered afterwards", async (t) => {
    const child = spawnApp(t, app);
    const client = await connect(t, { port: await child.next("the port"), pongs: true });
    const payload = Buffer.alloc(64 * 1024);
    for (let n = 0; n < 2048; n++) client.write(client.message("BINARYDATA", { payload }));
    // Eight heartbeat rounds in which no pong can come through.
    const { rx, more } = await child.next("the figures");
    assert.ok(rx < 4 * MIB, `${rx} bytes read`);
    assert.ok(more < CONSTANT, `${more / MIB} MiB more`);
    child.tell("open");
    assert.equal(await child.next("all messages"), "all");
  });
});

test("what waits behind a hook that never settles is freed with its session, however many of these come and go", async (t) => {
  const app = ({ cryo, send }) => {
    const options = { host: "127.0.0.1", port: 0, maxUnreadBytes: 2 ** 26, closeTimeoutMs: 20 };
    const server = cryo({ validate: async () => true }, options);
    server.RegisterExtension({ name: "stuck", on_receive_utf8: () => new Promise(() => {}) });
    server.on("listening", () => send(server.http_server.address().port));
    server.on("session", (session) => session.on("closed", () => send(process.memoryUsage.rss())));
  };
  const child = spawnApp(t, app);
  const port = await child.next("the port");
  const rss = [];
  for (let sid = 1n; sid <= 16n; sid++) {
    const client = await connect(t, { port, sid });
    client.send("UTF8DATA", { payload: "stuck" });
    client.send("BINARYDATA", { payload: Buffer.alloc(16 * MIB) });
    client.close();
    rss.push(await child.next("a session's end"));
  }
  const more = rss.at(-1) - rss[0];
  assert.ok(more < CONSTANT, `${more / MIB} MiB more after 15 sessions more, of 16 MiB each`);
});

test("only messages of a kind with receive hooks wait for them", async (t) => {
  const { NativeServer } = require("../../lib/bridge/native.js").loadNative();
  const kinds = [];
  t.mock.method(NativeServer.prototype, "setHooks", (bits) => kinds.push(bits));
  const { server } = await joined(t);
  const pass = async () => true;
  server.RegisterExtension({ name: "none" });
  server.RegisterExtension({ name: "sends", before_send_utf8: pass, before_send_binary: pass, before_send_error: pass });
  server.RegisterExtension({ name: "texts", on_receive_utf8: pass });
  server.RegisterExtension({ name: "errors", on_receive_error: pass });
  server.RegisterExtension({ name: "bytes", on_receive_binary: pass });
  server.UnregisterExtension("texts");
  server.UnregisterExtension("errors");
  server.UnregisterExtension("bytes");
  assert.deepEqual(kinds, [0, 0, 1, 5, 7, 6, 2, 0]);
});
