"use strict";

// Signs of life: pings, the figures that come with them, who is thrown out and who is not.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { Client } = require("../support/client");
const { spawnApp } = require("../support/process");
const { Harness, joined } = require("../support/server");
const { deferred, event, within } = require("../support/wait");

// Long enough for a stalled machine to answer in time, short enough to wait for a few.
const INTERVAL = { keepAliveIntervalMs: 600 };

const STATS = ["stat-rtt", "stat-bytes-rx", "stat-bytes-tx", "stat-ack-timeout"];

describe("a round of the heartbeat", () => {
  test("gives the four figures, then pings", async (t) => {
    const { client, session } = await joined(t, INTERVAL, { pongs: true });
    for (let round = 0; round < 3; round++) {
      const figures = await Promise.all(STATS.map(async (name) => [name, ...(await event(session, name))]));
      for (const [name, ...args] of figures) {
        assert.equal(args.length, 1, name);
        assert.ok(Number.isFinite(args[0]), `${name}: ${args[0]}`);
      }
      const { payload } = await client.nextOf("PING_PONG");
      assert.equal(payload, "ping");
    }
  });

  for (const listen of ["on", "addListener", "once", "prependListener", "prependOnceListener"]) {
    test(`is emitted to listeners that were added by ${listen}()`, async (t) => {
      const { session } = await joined(t, INTERVAL, { pongs: true });
      const told = deferred();
      assert.equal(session[listen]("stat-rtt", told.resolve), session);
      assert.equal(typeof (await within(told.promise, "stat-rtt")), "number");
    });
  }

  test("numbers its pings like any other frame", async (t) => {
    const { client, session } = await joined(t, INTERVAL, { pongs: true });
    session.SendUTF8("first");
    const { ack } = await client.nextOf("UTF8DATA");
    assert.equal((await client.nextOf("PING_PONG")).ack, ack + 1);
    assert.equal((await client.nextOf("PING_PONG")).ack, ack + 2);
  });

  test("counts the bytes so far", async (t) => {
    const { client, session } = await joined(t, INTERVAL, { pongs: true });
    const [first] = await event(session, "stat-bytes-rx");
    assert.ok(first > 0 && first <= session.rx);
    const message = event(session, "message-binary");
    client.send("BINARYDATA", { payload: Buffer.alloc(10_000) });
    session.SendBinary(Buffer.alloc(20_000));
    await Promise.all([message, client.nextOf("BINARYDATA")]);
    const [[rx], [tx]] = await Promise.all([event(session, "stat-bytes-rx"), event(session, "stat-bytes-tx")]);
    assert.ok(rx >= first + 10_000, `rx ${rx}`);
    assert.ok(tx >= 20_000, `tx ${tx}`);
  });

  test("counts each frame that waited 2500 ms for its ACK once", async (t) => {
    const { client, session } = await joined(t, INTERVAL, { pongs: true });
    const before = performance.now();
    for (let i = 0; i < 3; i++) session.SendUTF8("never acknowledged");
    session.SendUTF8("acknowledged");
    const frames = [];
    while (frames.length < 4) frames.push(await client.nextOf("UTF8DATA"));
    client.send("ACK", { ack: frames[3].ack });
    let counted = 0;
    while (counted < 3) counted += (await event(session, "stat-ack-timeout"))[0];
    assert.ok(performance.now() - before >= 2400, "too early");
    assert.equal(counted, 3);
    assert.deepEqual(await event(session, "stat-ack-timeout"), [0]);
  });
});

describe("stat-rtt", () => {
  test("is -1 at first, then the first sample, then a mean that weighs new ones by 0.2", async (t) => {
    const harness = await Harness.start(t, INTERVAL);
    const { client, session } = await harness.meet({ pongs: true });
    const unknown = event(session, "stat-rtt");
    client.send("ENDPOINT_INFO", { version: 1, features: 1n });
    assert.deepEqual(await unknown, [-1]);

    session.SendUTF8("answered late");
    const slow = await client.nextOf("UTF8DATA");
    await event(session, "stat-rtt");
    await event(session, "stat-rtt");
    const first = await meanAfterAck(client, session, slow);
    assert.ok(first >= INTERVAL.keepAliveIntervalMs, `${first} ms after more than an interval`);

    session.SendUTF8("answered at once");
    const second = await meanAfterAck(client, session, await client.nextOf("UTF8DATA"));
    assert.ok(second >= first * 0.8 && second < first, `${second} ms after ${first} ms and a quick answer`);
  });
});

// The mean once that frame's ACK was seen, which the ACK of a later message proves.
async function meanAfterAck(client, session, { ack }) {
  const seen = event(session, "message-utf8");
  client.send("ACK", { ack });
  client.send("UTF8DATA", { payload: "seen" });
  await seen;
  const [mean] = await event(session, "stat-rtt");
  return mean;
}

describe("a sign of life", () => {
  for (const [title, answer] of [
    ["a pong", (client, { ack }) => client.send("PING_PONG", { ack, payload: "pong" })],
    ["a message instead of a pong", (client) => client.send("UTF8DATA", { payload: "busy" })],
    ["a ping instead of a pong", (client) => client.send("PING_PONG", { payload: "ping" })],
    ["an ACK instead of a pong", (client) => client.send("ACK", { ack: 0 })],
  ]) {
    test(`${title} keeps the session`, async (t) => {
      const { client } = await joined(t, INTERVAL);
      for (let round = 0; round < 4; round++) answer(client, await nextPing(client));
      await nextPing(client);
    });
  }

  test("is also a part of a message that takes longer than a round", async (t) => {
    const { client, session } = await joined(t, INTERVAL);
    const message = client.message("BINARYDATA", { payload: Buffer.alloc(1000, "slowly") });
    const received = event(session, "message-binary");
    for (let at = 0; at < message.length; at += 300) {
      client.write(message.subarray(at, at + 300));
      // A round and the next: all in all more than the peer of a silent session has.
      await event(session, "stat-rtt");
    }
    assert.equal((await received)[0].length, 1000);
  });

  test("is waited for while the client has much to read before the ping", async (t) => {
    const { client, session } = await joined(t, INTERVAL, { acks: true, pongs: true });
    client.pause();
    const data = Buffer.alloc(3 << 20, "much");
    const sent = session.SendBinary(data);
    for (let round = 0; round < 4; round++) await event(session, "stat-rtt");
    client.resume();
    assert.ok(data.equals((await client.nextOf("BINARYDATA")).payload));
    await within(sent, "its ACK");
    for (let round = 0; round < 3; round++) await event(session, "stat-rtt");
  });

  test("that is missing ends the session, and no other", async (t) => {
    const harness = await Harness.start(t, INTERVAL);
    const healthy = await harness.join({ pongs: true });
    const { client, session } = await harness.join();
    const alsoHealthy = await harness.join({ pongs: true });
    const closed = event(session, "closed");
    const bye = await client.nextOf("BYE");
    assert.equal(bye.reason, "Disconnecting session due to not responding to ping frames.");
    assert.deepEqual(await client.closed(), { code: 4000, reason: "Closing session." });
    await closed;
    for (const { client: other, session: its } of [healthy, alsoHealthy]) {
      const message = event(its, "message-utf8");
      other.send("UTF8DATA", { payload: "still here" });
      assert.deepEqual(await message, ["still here"]);
    }
    await harness.join({ sid: client.sid });
  });

  test("that is missing ends a session whose client does not read either", async (t) => {
    const { client, session } = await joined(t, INTERVAL, { closes: false });
    client.pause();
    for (let i = 0; i < 16; i++) session.SendBinary(Buffer.alloc(1024 * 1024));
    await event(session, "closed");
  });
});

async function nextPing(client) {
  for (;;) {
    const frame = await client.nextOf("PING_PONG");
    if (frame.payload === "ping") return frame;
  }
}

describe("a blocked event loop", () => {
  test("does not keep what was sent before it was blocked", async (t) => {
    const app = spawnApp(t, ({ cryo, send }) => {
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0, undelivered: "reject" });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("session", (session) => {
        const sendAndBlock = () => {
          session.SendBinary(Buffer.alloc(20_000)).then(
            () => send("acknowledged"),
            (error) => send(error.code),
          );
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
          send("over");
        };
        // No reply to what has come: nothing is being delivered that its end would have it written with.
        session.on("message-utf8", () => setTimeout(sendAndBlock, 100));
      });
    });
    const client = await Client.connect({ port: await app.next("the port"), acks: true });
    t.after(() => client.destroy());
    await client.announce();
    client.send("UTF8DATA", { payload: "go" });
    await client.nextOf("BINARYDATA");
    assert.equal(await app.next("the end of the block"), "over");
    assert.equal(await app.next("what became of the message"), "acknowledged");
  });

  test("delays neither ACKs nor pongs", async (t) => {
    const app = spawnApp(t, ({ cryo, send }) => {
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("session", (session) => {
        session.on("message-error", () => {
          send("blocking");
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
          send("over");
        });
        session.on("message-utf8", (text) => session.SendUTF8(text));
      });
    });
    const client = await Client.connect({ port: await app.next("the port") });
    await client.announce();
    client.send("ERROR", { payload: "block" });
    await app.next("the block");
    const start = performance.now();
    for (let i = 0; i < 10; i++) {
      const ack = client.send("UTF8DATA", { payload: String(i) });
      client.send("PING_PONG", { ack: 7000 + i, payload: "ping" });
      const frames = [await nextAnswer(client), await nextAnswer(client)];
      assert.deepEqual(new Set(frames), new Set([`ACK ${ack}`, `PING_PONG ${7000 + i}`]));
    }
    const elapsed = performance.now() - start;
    assert.ok(elapsed < 1500, `20 answers took ${elapsed} ms, while the event loop stood still for 3000 ms`);
    assert.equal(await app.next("the end of the block"), "over");
    for (let i = 0; i < 10; i++) assert.equal((await client.nextOf("UTF8DATA")).payload, String(i));
  });
});

// The next frame, but for the ACK of the message that blocks.
async function nextAnswer(client) {
  const { name, ack } = await client.next();
  return name === "ACK" && ack === 1 ? nextAnswer(client) : `${name} ${ack}`;
}
