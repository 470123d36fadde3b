"use strict";

// Slow hooks: order within a session and direction, and what they don't hold up.

const assert = require("node:assert/strict");
const { PassThrough } = require("node:stream");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { Harness, joined } = require("./support/server");
const { noise, pieces, sha256, upload } = require("./support/transactions");
const { deferred, event, settled, within } = require("./support/wait");

/** A hook that holds a message back until the test lets it go: `gate.open(text)`. */
class Gate {
  #messages = new Map();

  hook = async (_, box) => {
    const message = this.#of(String(box.value));
    message.reached.resolve();
    await message.opened.promise;
  };

  /** @returns {Promise<void>} Resolves when the hook has the message. */
  reached(text) {
    return within(this.#of(text).reached.promise, `'${text}' at the hook`);
  }

  open(text) {
    this.#of(text).opened.resolve();
  }

  #of(text) {
    if (!this.#messages.has(text)) this.#messages.set(text, { reached: deferred(), opened: deferred() });
    return this.#messages.get(text);
  }
}

/** Resolves when the server has read everything that the client sent before. */
async function roundTrip(client) {
  const ack = client.send("PING_PONG", { payload: "ping" });
  for (;;) {
    const frame = await client.nextOf("PING_PONG");
    if (frame.payload === "pong" && frame.ack === ack) return;
  }
}

describe("order", () => {
  test("of messages in, of all kinds, is that of arrival, however long each one's hooks take", async (t) => {
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

  test("of messages out is that of the calls", async (t) => {
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

  test("of a Close right after a send: the message, then BYE", async (t) => {
    const { server, session, client } = await joined(t);
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", before_send_utf8: gate.hook });
    session.SendUTF8("last words");
    const closed = session.Close("enough");
    session.SendUTF8("too late");
    await gate.reached("last words");
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

  test("of closed: behind the messages that came before it", async (t) => {
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

describe("streams that come behind a message with a slow hook", () => {
  /** A session whose messages wait at a gate, and its client. */
  async function gated(t, options) {
    const pair = await joined(t, options, { acks: true, pongs: true });
    const gate = new Gate();
    pair.server.RegisterExtension({ name: "gate", on_receive_utf8: gate.hook });
    return { ...pair, gate };
  }

  /** Resolves when what the client has sent before is at the hooks, or behind them: an ACK waits for none. */
  const arrived = (session) => within(session.SendBinary(Buffer.from("are you there?")), "an ACK");

  test("are told of behind it, and behind connected", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet();
    const gate = new Gate();
    harness.server.RegisterExtension({ name: "gate", on_receive_utf8: gate.hook });
    const events = [];
    session.on("message-utf8", (text) => events.push(text));
    session.on("connected", () => {
      events.push("connected");
      session.stream.on("tx-start", (txId, name) => events.push(`start ${txId} ${name}`));
      session.stream.on("tx-chunk", (txId, chunk) => events.push(`chunk ${txId} ${chunk}`));
      session.stream.on("tx-finish", (txId) => events.push(`finish ${txId}`));
    });
    const download = session.Stream("x");
    client.send("UTF8DATA", { payload: "first" });
    client.send("ENDPOINT_INFO", { version: 1, features: 1n });
    client.send("ACK", { ack: (await client.nextOf("TX_START")).ack });
    upload(client, 3, "größe", [Buffer.from("a"), Buffer.from("b")]);
    client.send("UTF8DATA", { payload: "last" });
    client.send("ACK", { ack: (await client.nextOf("TX_FINISH")).ack });
    await within(download, "a stream that goes the other way");
    assert.deepEqual(events, []);
    gate.open("first");
    await gate.reached("last");
    gate.open("last");
    await event(session, "message-utf8");
    assert.deepEqual(events, ["first", "connected", "start 3 größe", "chunk 3 a", "chunk 3 b", "finish 3", "last"]);
  });

  test("pause the socket like the message, and arrive whole", async (t) => {
    const options = { maxUnreadBytes: 256 * 1024, keepAliveIntervalMs: 400 };
    const { client, session, gate } = await gated(t, options);
    const body = noise(16 * 1024 * 1024);
    client.send("UTF8DATA", { payload: "held" });
    upload(client, 0, "up", pieces(body, 65_536));
    // Several rounds, in which the client's pongs stand behind what is not read.
    for (let round = 0; round < 5; round++) await event(session, "stat-bytes-rx");
    const [first] = await event(session, "stat-bytes-rx");
    const [second] = await event(session, "stat-bytes-rx");
    assert.equal(first, second, "nothing is read");
    assert.ok(second < body.length / 4, `${second} bytes were read`);
    const stream = session.WaitForStream("up", 30_000);
    gate.open("held");
    assert.equal(sha256(await buffer(await stream)), sha256(body));
  });

  test("can be claimed where the message is handled, even if the session has ended meanwhile", async (t) => {
    const { client, session, gate } = await gated(t);
    const read = async (name) => String(await buffer(await session.WaitForStream(name)));
    const bodies = new Promise((resolve) => {
      session.on("message-utf8", () => resolve(Promise.allSettled([read("whole"), read("half"), read("none")])));
    });
    const closed = event(session, "closed");
    client.send("UTF8DATA", { payload: "held" });
    upload(client, 0, "whole", [Buffer.from("body")]);
    client.send("TX_START", { txId: 1, byteLength: -1, streamName: "half" });
    client.send("TX_CHUNK", { txId: 1, seq: 0, payload: "bo" });
    await arrived(session);
    await session.Close();
    gate.open("held");
    const [whole, half, none] = await within(bodies, "the streams");
    assert.deepEqual(whole, { status: "fulfilled", value: "body" });
    assert.equal(half.reason.code, "ERR_CRYO_STREAM_PREMATURE_CLOSE");
    assert.equal(none.reason.code, "ERR_CRYO_SESSION_CLOSED");
    await closed;
  });

  test("end with the session where the hook never settles", async (t) => {
    const { client, session } = await gated(t, { closeTimeoutMs: 50 });
    const stream = session.WaitForStream("up");
    client.send("TX_START", { txId: 0, byteLength: -1, streamName: "up" });
    const body = buffer(await stream);
    const waiting = session.WaitForStream("other", 30_000);
    client.send("UTF8DATA", { payload: "held" });
    client.send("TX_FINISH", { txId: 0 });
    client.reset();
    await assert.rejects(within(body, "the stream"), { code: "ERR_CRYO_STREAM_PREMATURE_CLOSE" });
    await assert.rejects(within(waiting, "the wait"), { code: "ERR_CRYO_SESSION_CLOSED" });
  });

  test("hold nothing up where their reader fails", async (t) => {
    const { server, client, session, gate } = await gated(t);
    const reported = event(server, "error");
    const failure = new Error("a listener's");
    session.WaitForStream("up").then((stream) => {
      stream.on("data", () => {
        throw failure;
      });
    });
    client.send("TX_START", { txId: 0, byteLength: -1, streamName: "up" });
    client.send("UTF8DATA", { payload: "first" });
    client.send("TX_CHUNK", { txId: 0, seq: 0, payload: "x" });
    client.send("UTF8DATA", { payload: "last" });
    await arrived(session);
    gate.open("first");
    await gate.reached("last");
    gate.open("last");
    assert.deepEqual((await reported).slice(0, 2), [failure, session]);
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

  test("can wait for it where the client fetches it", async (t) => {
    const { server, session, client } = await joined(t, {}, { acks: true });
    client.send("TX_FLOW", { behaviour: 1 });
    const body = noise(200_000);
    server.RegisterExtension({ name: "streamer", on_receive_utf8: (from) => from.Stream(body).then(() => true) });
    const emitted = event(session, "message-utf8", UNDER_HEARTBEAT);
    client.send("UTF8DATA", { payload: "question" });
    const { txId } = await client.nextOf("TX_START");
    client.send("TX_FETCH", { txId, start: 0, end: 2 ** 32 - 1 });
    assert.deepEqual(await emitted, ["question"]);
  });

  test("can wait for it where the client cancels it", async (t) => {
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
    await roundTrip(client);
    const sent = session.SendUTF8("out");
    client.send("ACK", { ack: (await client.nextOf("UTF8DATA")).ack });
    await within(sent, "the ACK of a send while a receive hook runs");
    const emitted = event(session, "message-utf8");
    gate.open("held");
    assert.deepEqual(await emitted, ["held"]);
    assert.equal((await client.nextOf("ACK")).ack, held);
  });

  test("of messages out does not delay messages in", async (t) => {
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

  test("of messages out does not delay a stream that is open, but the beginning of the next one", async (t) => {
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

describe("a hook that never settles", () => {
  const QUICK = { closeTimeoutMs: 50 };

  /** Both directions of the session are stuck in a hook. */
  async function stick({ server, session, client }) {
    const gate = new Gate();
    server.RegisterExtension({ name: "stuck", on_receive_utf8: gate.hook, before_send_utf8: gate.hook });
    const sends = [session.SendUTF8("out"), session.SendUTF8("waits"), session.SendBinary(Buffer.from("waits too"))];
    client.send("UTF8DATA", { payload: "in" });
    await Promise.all([gate.reached("out"), gate.reached("in")]);
    return sends;
  }

  test("does not keep Close from closing", async (t) => {
    const { session, client, ...rest } = await joined(t, QUICK);
    await stick({ session, client, ...rest });
    const told = event(session, "closed");
    await within(session.Close("all the same"), "Close()");
    assert.equal((await client.nextOf("BYE")).reason, "all the same");
    await told;
  });

  test("does not keep closed from coming when the client goes, and its message is not emitted behind it", async (t) => {
    const { server, session, client } = await joined(t, QUICK);
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", on_receive_utf8: gate.hook });
    session.on("message-utf8", () => assert.fail("behind closed"));
    client.send("UTF8DATA", { payload: "stuck" });
    await gate.reached("stuck");
    const closed = event(session, "closed");
    client.reset();
    await closed;
    gate.open("stuck");
    await new Promise(setImmediate);
  });

  test("does not keep Destroy of the server waiting when its session is gone", async (t) => {
    const { harness, server, session, client } = await joined(t, { closeTimeoutMs: 60_000 });
    await harness.join({ acks: true, pongs: true });
    server.RegisterExtension({ name: "stuck", before_send_utf8: () => new Promise(() => {}) });
    session.SendUTF8("stuck");
    const destroyed = server.Destroy();
    client.reset();
    await within(destroyed, "the server's end");
  });

  test("does not keep Destroy of the server from ending", async (t) => {
    const pair = await joined(t, QUICK);
    await stick(pair);
    await within(pair.server.Destroy(), "Destroy()");
  });

  for (const whose of ["server", "session"]) {
    test(`keeps the end of the ${whose} within three times closeTimeoutMs, where the client takes and answers nothing, too`, async (t) => {
      const closeTimeoutMs = 1000;
      const { server, session, client } = await joined(t, { closeTimeoutMs }, { closes: false });
      const gate = new Gate();
      server.RegisterExtension({ name: "gate", before_send_utf8: gate.hook });
      client.pause();
      while (session.queued.frames === 0) session.SendBinary(Buffer.alloc(1024 * 1024));
      session.SendUTF8("stuck");
      session.SendBinary(Buffer.from("waits"));
      await gate.reached("stuck");
      // With something to spare for a busy machine.
      await within(whose === "server" ? server.Destroy() : session.Close(), "the end", 3 * closeTimeoutMs + 2000);
    });
  }

  test("leaves no send undecided where sends reject", async (t) => {
    const pair = await joined(t, { ...QUICK, undelivered: "reject" });
    const sends = await stick(pair);
    pair.client.reset();
    for (const sent of sends) await assert.rejects(within(sent, "a send"), { code: "ERR_CRYO_SESSION_CLOSED" });
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
