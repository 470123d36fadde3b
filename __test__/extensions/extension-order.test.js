"use strict";

// Slow hooks: order within a session and direction, and what they don't hold up.

const assert = require("node:assert/strict");
const { once } = require("node:events");
const { PassThrough } = require("node:stream");
const { describe, test } = require("node:test");

const { Gate } = require("../support/gate");
const { joined } = require("../support/server");
const { ALL, noise } = require("../support/transactions");
const { deferred, event, settled, within } = require("../support/wait");

describe("order", () => {
  test("of received messages of all kinds is that of arrival, however long their hooks take", async (t) => {
    const { server, session, client } = await joined(t);
    const slow = async (_, box) => {
      for (let turns = String(box.value).length % 5; turns > 0; turns--) await new Promise(setImmediate);
    };
    // Errors have no hook, and stay in line all the same.
    server.RegisterExtension({ name: "uneven", on_receive_utf8: slow, on_receive_binary: slow });
    const received = [];
    const done = deferred();
    for (const name of ["message-utf8", "message-binary", "message-error"]) {
      session.on(name, (value) => {
        received.push(String(value));
        if (received.length === 300) done.resolve();
      });
    }
    const texts = Array.from({ length: 300 }, (_, n) => `${n} ${"x".repeat((n * 7) % 11)}`);
    const frames = ["UTF8DATA", "BINARYDATA", "ERROR"];
    client.write(Buffer.concat(texts.map((payload, n) => client.message(frames[n % 3], { payload }))));
    await within(done.promise, "all messages");
    assert.deepEqual(received, texts);
  });

  test("of sent messages is that of the calls", async (t) => {
    const { server, session, client } = await joined(t);
    const slow = async (_, box) => {
      for (let turns = String(box.value).length % 5; turns > 0; turns--) await new Promise(setImmediate);
    };
    server.RegisterExtension({ name: "uneven", before_send_utf8: slow });
    const texts = Array.from({ length: 300 }, (_, n) => `${n} ${"x".repeat((n * 7) % 11)}`);
    for (const [n, text] of texts.entries()) {
      if (n % 3 === 0) session.SendUTF8(text);
      else if (n % 3 === 1) session.SendBinary(Buffer.from(text));
      else session.base.SendError(text);
    }
    for (const text of texts) assert.equal(String((await client.next()).payload), text);
  });

  test("of pings among sent messages is that of the calls", async (t) => {
    const { server, session, client } = await joined(t);
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", before_send_utf8: gate.hook });
    session.SendUTF8("before");
    const pings = [session.SendPing(), session.base.Ping()];
    session.SendBinary(Buffer.from("behind"));
    await within(Promise.all(pings), "the promises of the pings");
    await gate.reached("before");
    await client.roundTrip();
    assert.deepEqual(client.frames.take(), []);
    gate.open("before");
    const payloads = [];
    while (payloads.length < 4) payloads.push(String((await client.next()).payload));
    assert.deepEqual(payloads, ["before", "ping", "ping", "behind"]);
  });

  test("of received messages that have no hook leaves what is awaited its turn, one message after the other", async (t) => {
    const { server, session, client } = await joined(t);
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", on_receive_utf8: gate.hook });
    client.send("UTF8DATA", { payload: "held" });
    for (const payload of ["one", "two", "three"]) client.send("BINARYDATA", { payload });
    await Promise.all([client.roundTrip(), gate.reached("held")]);
    const received = [];
    const all = (async () => {
      while (received.length < 3) received.push(String((await once(session, "message-binary"))[0]));
    })();
    gate.open("held");
    await within(all, "all messages");
    assert.deepEqual(received, ["one", "two", "three"]);
  });

  test("of a Close right after a send: the message, then BYE", async (t) => {
    const { server, session, client } = await joined(t);
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", before_send_utf8: gate.hook });
    session.SendUTF8("last words");
    const closed = session.Close("enough");
    session.SendUTF8("too late");
    await gate.reached("last words");
    await client.roundTrip();
    assert.equal(await settled(closed), false);
    gate.open("last words");
    assert.equal((await client.next()).payload, "last words");
    const bye = await client.next();
    assert.deepEqual([bye.name, bye.reason], ["BYE", "enough"]);
    assert.deepEqual(await client.closed(), { code: 4000, reason: "Closing session." });
    await within(closed, "Close()");
  });

  test("of the server's Destroy right after a send: the message, then BYE", async (t) => {
    const { server, session, client } = await joined(t);
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", before_send_utf8: gate.hook });
    session.SendUTF8("last words");
    const destroyed = server.Destroy();
    session.SendUTF8("too late");
    await gate.reached("last words");
    gate.open("last words");
    assert.equal((await client.next()).payload, "last words");
    const bye = await client.next();
    assert.deepEqual([bye.name, bye.reason], ["BYE", "Server shutdown."]);
    await within(destroyed, "Destroy()");
  });

  test("of closed: after the messages that came before it", async (t) => {
    const { server, session, client } = await joined(t);
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", on_receive_utf8: gate.hook });
    const events = [];
    session.on("message-utf8", (text) => events.push(text));
    session.on("closed", () => events.push("closed"));
    const closed = event(session, "closed");
    client.send("UTF8DATA", { payload: "one" });
    client.send("UTF8DATA", { payload: "two" });
    client.send("BYE", { reason: "" });
    await client.closed();
    await gate.reached("one");
    gate.open("one");
    gate.open("two");
    await closed;
    assert.deepEqual(events, ["one", "two", "closed"]);
  });
});

describe("a slow hook", () => {
  /** Less than it takes the heartbeat to end a session, and with it what a hook waits for, in ms. */
  const UNDER_HEARTBEAT = 10_000;

  test("can wait for a stream that it sends itself", async (t) => {
    const { server, session, client } = await joined(t, {}, { acks: true });
    server.RegisterExtension({ name: "streamer", on_receive_utf8: (from) => from.Stream(noise(1024 * 1024)).then(() => true) });
    const emitted = event(session, "message-utf8", UNDER_HEARTBEAT);
    client.send("UTF8DATA", { payload: "question" });
    assert.deepEqual(await emitted, ["question"]);
  });

  test("can wait for a stream of its own that the client fetches", async (t) => {
    const { server, session, client } = await joined(t, {}, { acks: true });
    client.send("TX_FLOW", { behaviour: 1 });
    const body = noise(200_000);
    server.RegisterExtension({ name: "streamer", on_receive_utf8: (from) => from.Stream(body).then(() => true) });
    const emitted = event(session, "message-utf8", UNDER_HEARTBEAT);
    client.send("UTF8DATA", { payload: "question" });
    const { txId } = await client.nextOf("TX_START");
    client.send("TX_FETCH", { txId, ...ALL });
    assert.deepEqual(await emitted, ["question"]);
  });

  test("can wait for a stream of its own that the client cancels", async (t) => {
    const { server, session, client } = await joined(t, {}, { acks: true });
    const source = new PassThrough();
    server.RegisterExtension({ name: "streamer", on_receive_utf8: (from) => from.Stream(source).then(() => true) });
    const emitted = event(session, "message-utf8", UNDER_HEARTBEAT);
    client.send("UTF8DATA", { payload: "question" });
    client.send("TX_CANCEL", { txId: (await client.nextOf("TX_START")).txId });
    assert.deepEqual(await emitted, ["question"]);
  });

  test("delays the ACK of its message, but not those of other kinds, pongs, sends and their ACKs", async (t) => {
    const { server, session, client } = await joined(t);
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", on_receive_utf8: gate.hook });
    const held = client.send("UTF8DATA", { payload: "held" });
    const other = client.send("BINARYDATA", { payload: "other" });
    assert.deepEqual((await client.next()).ack, other);
    await client.roundTrip();
    const sent = session.SendUTF8("out");
    client.send("ACK", { ack: (await client.nextOf("UTF8DATA")).ack });
    await within(sent, "the ACK of a send while a receive hook runs");
    const emitted = event(session, "message-utf8");
    gate.open("held");
    assert.deepEqual(await emitted, ["held"]);
    assert.equal((await client.nextOf("ACK")).ack, held);
  });

  test("before sending does not delay received messages", async (t) => {
    const { server, session, client } = await joined(t);
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", before_send_utf8: gate.hook, on_receive_utf8: async () => true });
    session.SendUTF8("held");
    const emitted = event(session, "message-utf8");
    client.send("UTF8DATA", { payload: "in" });
    assert.deepEqual(await emitted, ["in"]);
    gate.open("held");
    assert.equal((await client.nextOf("UTF8DATA")).payload, "held");
  });

  test("before sending delays the beginning of a stream, but not one that is open", async (t) => {
    const { server, session, client } = await joined(t, {}, { acks: true });
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", before_send_utf8: gate.hook });
    const source = new PassThrough();
    session.Stream(source, "open");
    assert.equal((await client.nextOf("TX_START")).streamName, "open");
    session.SendUTF8("held");
    session.Stream("whole", "next");
    source.end("chunk");
    assert.equal(String((await client.next()).payload), "chunk");
    assert.equal((await client.next()).name, "TX_FINISH");
    gate.open("held");
    assert.equal((await client.next()).payload, "held");
    assert.equal((await client.next()).streamName, "next");
  });

  test("of one session does not delay another's messages", async (t) => {
    const { harness, server, session, client } = await joined(t);
    const other = await harness.join();
    const never = (hooked) => (hooked === session ? new Promise(() => {}) : true);
    server.RegisterExtension({ name: "stuck for one", on_receive_utf8: never, before_send_utf8: never });
    client.send("UTF8DATA", { payload: "stuck" });
    session.SendUTF8("stuck");
    const emitted = event(other.session, "message-utf8");
    other.client.send("UTF8DATA", { payload: "free" });
    assert.deepEqual(await emitted, ["free"]);
    other.session.SendUTF8("free too");
    assert.equal((await other.client.nextOf("UTF8DATA")).payload, "free too");
  });
});

test("a session can be closed from within its own hook", async (t) => {
  const { server, session, client } = await joined(t);
  server.RegisterExtension({
    name: "bouncer",
    on_receive_utf8: async (guest) => {
      await guest.Close("out");
      return false;
    },
  });
  const closed = event(session, "closed");
  client.send("UTF8DATA", { payload: "hello" });
  assert.equal((await client.nextOf("BYE")).reason, "out");
  await closed;
});

describe("extensions that come and go", () => {
  test("leave each message with the chain it began with", async (t) => {
    const { server, session, client } = await joined(t);
    const gate = new Gate();
    const mark = (name) => ({
      name,
      on_receive_utf8: async (_, box) => void (box.value += `+${name}`),
      before_send_utf8: async (_, box) => void (box.value += `+${name}`),
    });
    server.RegisterExtension({ name: "gate", on_receive_utf8: gate.hook, before_send_utf8: gate.hook });
    server.RegisterExtension(mark("old"));
    const received = [];
    const both = deferred();
    session.on("message-utf8", (text) => received.push(text) === 2 && both.resolve());
    client.send("UTF8DATA", { payload: "in" });
    session.SendUTF8("out");
    await Promise.all([gate.reached("in"), gate.reached("out")]);

    server.UnregisterExtension("gate");
    server.UnregisterExtension("old");
    server.RegisterExtension(mark("new"));
    client.send("UTF8DATA", { payload: "in, later" });
    session.SendUTF8("out, later");
    gate.open("in");
    gate.open("out");
    assert.equal((await client.nextOf("UTF8DATA")).payload, "out+old");
    assert.equal((await client.nextOf("UTF8DATA")).payload, "out, later+new");
    await within(both.promise, "both messages");
    assert.deepEqual(received, ["in+old", "in, later+new"]);
  });

  test("see every message that is emitted after their registration", async (t) => {
    const { server, session, client } = await joined(t);
    const received = [];
    const done = deferred();
    session.on("message-utf8", (text) => {
      received.push(text);
      // Several messages came in the same read; all but the first are still to be delivered.
      if (received.length === 1) server.RegisterExtension({ name: "late", on_receive_utf8: async (_, box) => void (box.value += "!") });
      if (received.length === 3) done.resolve();
    });
    client.write(Buffer.concat(["a", "b", "c"].map((payload) => client.message("UTF8DATA", { payload }))));
    await within(done.promise, "all messages");
    assert.deepEqual(received, ["a", "b!", "c!"]);
  });
});
