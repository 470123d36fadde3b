"use strict";

// An application that never answers, blocks, or ends in the middle of everything: what it leaves undone harms no other
// session, and the end is bounded. What throws or rejects is in the tests of delivery, extensions,
// handshake and transactions-outgoing.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const certificate = require("../support/certs");
const { join } = require("../support/clients");
const { requestHead, target } = require("../support/http");
const { assertServed, caughtUp } = require("../support/pair");
const { spawnApp } = require("../support/process");
const { Harness } = require("../support/server");
const { event, settled, within } = require("../support/wait");

const never = () => new Promise(() => {});
const HASTE = { closeTimeoutMs: 300, undelivered: "reject" };

describe("what never settles", () => {
  test("a receive hook: its session waits, no other does, and Destroy() does not", async (t) => {
    const harness = await Harness.start(t, HASTE);
    harness.server.RegisterExtension({ name: "stuck", on_receive_utf8: never });
    const [stuck, other] = [await harness.join(), await harness.join()];
    const messages = [];
    stuck.session.on("message-utf8", (text) => messages.push(text));
    stuck.client.send("UTF8DATA", { payload: "waits" });
    await assertServed(other);
    await within(harness.server.Destroy(), "Destroy()");
    assert.deepEqual(messages, []);
  });

  test("a hook before sending: the send is rejected when its session closes", async (t) => {
    const harness = await Harness.start(t, HASTE);
    harness.server.RegisterExtension({ name: "stuck", before_send_utf8: never });
    const { client, session } = await harness.join();
    const send = session.SendUTF8("waits");
    await caughtUp({ client, session });
    assert.equal(await settled(send), false);
    const closed = event(session, "closed");
    client.close();
    await closed;
    await assert.rejects(within(send, "the send"), { code: "ERR_CRYO_SESSION_CLOSED" });
  });

  test("a listener: the next event comes", async (t) => {
    const harness = await Harness.start(t);
    const both = await harness.join();
    both.session.on("message-binary", never);
    await assertServed(both);
  });

  test("a stream's source: the session closes, the stream is rejected", async (t) => {
    const harness = await Harness.start(t, HASTE);
    const { client, session } = await harness.join({ acks: true });
    async function* source() {
      yield "first";
      await never();
    }
    const stream = session.Stream(source(), "stuck");
    stream.catch(() => {}); // awaited below
    await client.nextOf("TX_CHUNK");
    client.reset();
    await assert.rejects(within(stream, "the stream"), { code: "ERR_CRYO_SESSION_CLOSED" });
  });

  test("a validator: its handshake has a deadline, and Destroy() does not wait for it", async (t) => {
    const validate = (token) => (token === "slow" ? never() : true);
    const harness = await Harness.start(t, { ...HASTE, handshakeTimeoutMs: 500 }, { validate });
    const other = await harness.join();
    assert.equal((await harness.request(target(70n, "slow"))).status, 408);
    const pending = await harness.open();
    pending.write(requestHead(target(71n, "slow")));
    await assertServed(other);
    await within(harness.server.Destroy(), "Destroy()");
    await pending.closed();
  });
});

describe("an event loop that stands still for 5 s costs no session and no message, whatever blocks it", { concurrency: true }, () => {
  const application = ({ cryo, send, argument: where }) => {
    const block = (here) => {
      if (here !== where) return;
      send("blocking");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);
    };
    const validate = (token) => {
      if (token === "block") block("a validator");
      return true;
    };
    const server = cryo({ validate }, { host: "127.0.0.1", port: 0, keepAliveIntervalMs: 2000 });
    server.RegisterExtension({ name: "blocks", on_receive_error: () => block("a hook") });
    function* source() {
      block("a stream's source");
      yield "data";
    }
    server.on("listening", () => send(server.http_server.address().port));
    server.on("session", (session) => {
      session.on("message-utf8", (text) => session.SendUTF8(text));
      session.on("message-error", () => {
        block("a listener");
        session.Stream(source(), "down");
      });
    });
  };

  for (const where of ["a listener", "a hook", "a validator", "a stream's source"]) {
    test(where, async (t) => {
      const app = spawnApp(t, application, where);
      const port = await app.next("the port");
      const visit = (sid, token) => join(t, { port, sid, token, acks: true, pongs: true });
      const clients = await Promise.all([1n, 2n, 3n].map((sid) => visit(sid)));
      clients[0].send("ERROR", { payload: "block" });
      const blocker = visit(4n, "block");
      await app.next("the block");
      // The one that comes meanwhile is let in afterwards.
      const late = visit(5n);
      for (const client of clients) {
        for (let n = 0; n < 500; n++) client.write(client.message("UTF8DATA", { payload: `message ${n}` }));
      }
      for (const client of clients) {
        for (let n = 0; n < 500; n++) assert.equal((await client.nextOf("UTF8DATA")).payload, `message ${n}`);
      }
      await Promise.all([blocker, late]);
    });
  }
});

for (const [how, options] of [["plain", {}], ["with TLS", { ssl: certificate }]]) {
  test(`Destroy() in the middle of everything, ${how}: it is bounded, and every promise settles`, async (t) => {
    const validate = (token) => (token === "slow" ? never() : true);
    const harness = await Harness.start(t, { ...HASTE, ...options }, { validate });
    harness.server.RegisterExtension({
      name: "slow",
      on_receive_utf8: () => new Promise((resolve) => setImmediate(resolve, true)),
    });
    const piece = Buffer.alloc(64 * 1024);
    function* endless() {
      for (;;) yield piece;
    }
    harness.server.on("error", () => {}); // of the streams that are cut short
    const promises = [];
    const closed = [];
    for (let n = 0; n < 6; n++) {
      // A reader, one that reads nothing, and one that answers nothing.
      const { client, session } = await harness.join([{ acks: true }, { acks: true, closes: false }, {}][n % 3]);
      closed.push(event(session, "closed"));
      session.on("message-utf8", (text) => promises.push(session.SendUTF8(text)));
      if (n % 3 === 1) client.pause();
      promises.push(session.Stream(endless(), "down"), session.WaitForStream("up"));
      for (let i = 0; i < 50; i++) promises.push(session.SendBinary(piece));
      client.send("TX_START", { txId: 1, byteLength: -1, streamName: "up" });
      for (let i = 0; i < 50; i++) client.send("UTF8DATA", { payload: `message ${i}` });
    }
    const pending = await harness.open();
    pending.write(requestHead(target(80n, "slow")));
    // Three times closeTimeoutMs, with much to spare for a busy machine.
    await within(harness.server.Destroy(), "Destroy()", 10_000);
    // Some of them behind messages that wait for the hook.
    await Promise.all(closed);
    await within(Promise.allSettled(promises), "the promises");
  });
}
