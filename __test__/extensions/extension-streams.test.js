"use strict";

// Streams that begin behind messages with slow hooks.

const assert = require("node:assert/strict");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { Gate } = require("../support/gate");
const { Harness, joined } = require("../support/server");
const { noise, pieces, sha256, upload } = require("../support/transactions");
const { event, within } = require("../support/wait");

describe("streams that follow a message with a slow hook", () => {
  /** A session whose messages wait at a gate, and its client. */
  async function gated(t, options) {
    const pair = await joined(t, options, { acks: true, pongs: true });
    const gate = new Gate();
    pair.server.RegisterExtension({ name: "gate", on_receive_utf8: gate.hook });
    return { ...pair, gate };
  }

  /** Resolves when what the client has sent before is at the hooks, or behind them: an ACK waits for none. */
  const arrived = (session) => within(session.SendBinary(Buffer.from("are you there?")), "an ACK");

  test("are announced after it, and after connected", async (t) => {
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
    // Before the session: it takes the event loop, which has the client, too, longer than a slow machine has for a pong.
    const body = noise(16 * 1024 * 1024);
    const options = { maxUnreadBytes: 256 * 1024, keepAliveIntervalMs: 1500 };
    const { client, session, gate } = await gated(t, options);
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

  test("delay nothing when their reader fails", async (t) => {
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
