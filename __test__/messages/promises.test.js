"use strict";

// What the promise of a send does, under both values of the option `undelivered`.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { CryoError } = require("../..");
const { Client } = require("../support/client");
const { caughtUp } = require("../support/pair");
const { spawnApp } = require("../support/process");
const { joined, reports } = require("../support/server");
const { standStill } = require("../support/together");
const { event, settled, within } = require("../support/wait");

const SENDS = {
  SendUTF8: (session) => session.SendUTF8("text"),
  SendBinary: (session) => session.SendBinary(Buffer.from("bytes")),
  SendError: (session) => session.base.SendError("error"),
};

async function assertRejects(promise, code) {
  const error = await within(
    promise.then(
      () => assert.fail("resolved"),
      (error) => error,
    ),
    code,
  );
  assert.ok(error instanceof CryoError, String(error));
  assert.equal(error.code, code);
  assert.equal(error.name, "CryoError");
  assert.notEqual(error.message, "");
}

/** Asserts that none of them settles, although all threads of the server have had the time for it: another client comes and is served. */
async function assertPending(harness, sends) {
  await caughtUp(await harness.join());
  assert.deepEqual(await Promise.all(sends.map(settled)), sends.map(() => false));
}

for (const undelivered of ["pending", "reject"]) {
  describe(`undelivered: "${undelivered}"`, () => {
    for (const [method, send] of Object.entries(SENDS)) {
      test(`${method} resolves when the ACK comes, and not before`, async (t) => {
        const pair = await joined(t, { undelivered });
        const sent = send(pair.session);
        const { ack } = await pair.client.next();
        await caughtUp(pair);
        assert.equal(await settled(sent), false);
        pair.client.send("ACK", { ack });
        assert.equal(await within(sent, method), undefined);
      });
    }

    test("ACKs in any order settle the sends they name", async (t) => {
      const pair = await joined(t, { undelivered });
      const sends = Array.from({ length: 10 }, (_, n) => pair.session.SendUTF8(String(n)));
      const frames = [];
      while (frames.length < sends.length) frames.push(await pair.client.nextOf("UTF8DATA"));
      const pending = new Set(sends.keys());
      for (const n of [3, 0, 9, 4, 4, 8]) {
        pair.client.send("ACK", { ack: frames[n].ack });
        pending.delete(n);
        await within(sends[n], `send ${n}`);
        await caughtUp(pair);
        const outcomes = await Promise.all(sends.map(settled));
        for (const [i, done] of outcomes.entries()) assert.equal(done, !pending.has(i), `send ${i} after the ACK of ${n}`);
      }
    });

    test("an ACK that arrives with the close still counts", async (t) => {
      const { client, session } = await joined(t, { undelivered });
      const sent = session.SendUTF8("text");
      const { ack } = await client.nextOf("UTF8DATA");
      client.send("ACK", { ack });
      client.close();
      await within(sent, "the send");
    });
  });
}

describe('undelivered: "pending" leaves pending', () => {
  const ends = {
    "what the client's close left unacknowledged": ({ client }) => client.close(),
    "what a vanished client left unacknowledged": ({ client }) => client.reset(),
    "what the server's Close left unacknowledged": ({ session }) => session.Close("bye"),
  };
  for (const [title, end] of Object.entries(ends)) {
    test(title, async (t) => {
      const pair = await joined(t);
      const sends = Object.values(SENDS).map((send) => send(pair.session));
      await pair.client.nextOf("ERROR");
      const closed = event(pair.session, "closed");
      end(pair);
      await closed;
      await assertPending(pair.harness, sends);
    });
  }

  test("a send on a closed session", async (t) => {
    const { harness, client, session } = await joined(t);
    const closed = event(session, "closed");
    client.close();
    await closed;
    await assertPending(harness, Object.values(SENDS).map((send) => send(session)));
  });

  test("a send swept after 2500 ms, until its ACK comes late", async (t) => {
    const pair = await joined(t, { keepAliveIntervalMs: 500 }, { pongs: true });
    const sent = pair.session.SendUTF8("text");
    const { ack } = await pair.client.nextOf("UTF8DATA");
    await swept(pair.session);
    await assertPending(pair.harness, [sent]);
    pair.client.send("ACK", { ack });
    assert.equal(await within(sent, "the send"), undefined);
  });
});

describe('undelivered: "reject" rejects', () => {
  const reject = { undelivered: "reject" };
  const ends = {
    "when the client closes": ({ client }) => client.close(),
    "when the client vanishes": ({ client }) => client.reset(),
    "at Close": ({ session }) => session.Close("bye"),
    "at Destroy": ({ session }) => session.Destroy(),
    "at the server's Destroy": ({ server }) => server.Destroy(),
  };
  for (const [title, end] of Object.entries(ends)) {
    test(`${title}, with ERR_CRYO_SESSION_CLOSED`, async (t) => {
      const pair = await joined(t, reject);
      const sends = Object.values(SENDS).map((send) => send(pair.session));
      await pair.client.nextOf("ERROR");
      end(pair);
      for (const sent of sends) await assertRejects(sent, "ERR_CRYO_SESSION_CLOSED");
    });
  }

  test("a send on a closed session, with ERR_CRYO_SESSION_CLOSED", async (t) => {
    const { client, session } = await joined(t, reject);
    const closed = event(session, "closed");
    client.close();
    await closed;
    for (const send of Object.values(SENDS)) await assertRejects(send(session), "ERR_CRYO_SESSION_CLOSED");
  });

  test("a send after the end, before the application has heard of it, with ERR_CRYO_SESSION_CLOSED", async (t) => {
    const limits = { highWaterMark: 1000, lowWaterMark: 500, maxQueuedBytes: 1000 };
    const { client, server, session } = await joined(t, { ...reject, backpressure: limits });
    const errors = reports(server);
    const closed = event(session, "closed");
    client.reset();
    await event(client.transport, "close");
    // Time for the I/O thread to see it. Where that is too short, the sends are dropped while the session lives.
    standStill(100);
    const sends = Array.from({ length: 50 }, () => session.SendUTF8("x".repeat(500)));
    await closed;
    const outcomes = await within(Promise.allSettled(sends), "the sends");
    assert.deepEqual([...new Set(outcomes.map(({ status }) => status))], ["rejected"]);
    await caughtUp(await joined(t, reject));
    assert.deepEqual(errors, []);
  });

  test("a send swept after 2500 ms, with ERR_CRYO_ACK_TIMEOUT", async (t) => {
    const pair = await joined(t, { ...reject, keepAliveIntervalMs: 500 }, { pongs: true });
    const before = performance.now();
    const sent = pair.session.SendUTF8("text");
    const { ack } = await pair.client.nextOf("UTF8DATA");
    await assertRejects(sent, "ERR_CRYO_ACK_TIMEOUT");
    assert.ok(performance.now() - before >= 2400, "too early");
    pair.client.send("ACK", { ack });
    await caughtUp(pair);
  });

  for (const [dropPolicy, kept] of [
    ["drop-oldest", -1],
    ["drop-newest", 0],
  ]) {
    test(`a message dropped by ${dropPolicy}, with ERR_CRYO_DROPPED`, async (t) => {
      const { client, session } = await joined(
        t,
        { ...reject, backpressure: { dropPolicy, maxQueueCount: 4 } },
        { acks: true },
      );
      client.pause();
      // More than the socket's buffers take: the queue fills while nobody reads.
      const sends = Array.from({ length: 64 }, () => session.SendBinary(Buffer.alloc(1024 * 1024)));
      const dropped = new Promise((resolve) => {
        for (const [n, sent] of sends.entries()) sent.catch(() => resolve(n));
      });
      await assertRejects(sends[await within(dropped, "a drop")], "ERR_CRYO_DROPPED");
      if (dropPolicy === "drop-newest") await assertRejects(sends.at(-1), "ERR_CRYO_DROPPED");
      client.resume();
      await within(sends.at(kept), "the send that is kept");
    });
  }

  test("without an unhandled rejection when nobody handles it", async (t) => {
    const app = spawnApp(t, ({ cryo, send }) => {
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0, undelivered: "reject" });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("session", (session) => {
        session.SendUTF8("never acknowledged");
        session.base.SendBinary(Buffer.from("never acknowledged"));
        session.Stream(["never through"]);
        session.on("closed", () => {
          session.SendUTF8("too late");
          session.Stream(["too late"]);
          session.base.SendError("too late");
          setImmediate(() => server.Destroy());
        });
      });
    });
    const client = await Client.connect({ port: await app.next("the port") });
    await client.nextOf("BINARYDATA");
    client.close();
    const { code, stderr } = await app.exit();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });
});

// The round in which a send was given up.
async function swept(session) {
  for (;;) {
    const [count] = await event(session, "stat-ack-timeout");
    if (count > 0) return;
  }
}
