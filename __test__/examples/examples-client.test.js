"use strict";

// The browser client of examples/client, against the recorded frames and against a server.

const assert = require("node:assert/strict");
const { randomBytes } = require("node:crypto");
const { once } = require("node:events");
const { describe, test } = require("node:test");

const WebSocket = require("ws");

const recorded = require("../fixtures/frames.json");
const { breakable } = require("../support/breakable");
const { Harness } = require("../support/server");
const { sha256 } = require("../support/transactions");
const { event, within } = require("../support/wait");

const load = () => import("../../examples/client/index.mjs");

/** A client that is connected to a harness's server, and the server's session. */
async function meet(t, harness, { port = harness.port, ...options } = {}) {
  const { CryoClient } = await load();
  const client = new CryoClient({ url: `ws://127.0.0.1:${port}`, token: "tok", WebSocket, ...options });
  t.after(() => client.close());
  const [session] = await Promise.all([harness.session(client.sid), within(client.connect(), "a connection")]);
  return { client, session };
}

/** All bytes of an incoming stream. */
async function collect({ readable }) {
  return Buffer.from(await new Response(readable).arrayBuffer());
}

describe("the client's frames", () => {
  /** A recorded frame's fields as the codec has them. */
  function native({ sid, features, payloadHex, ...fields }) {
    return {
      sid: BigInt(sid),
      ...fields,
      ...(features === undefined ? {} : { features: BigInt(features) }),
      ...(payloadHex === undefined ? {} : { payload: new Uint8Array(Buffer.from(payloadHex, "hex")) }),
    };
  }

  test("are those of the protocol", async () => {
    const { TYPE, decode, encode } = await load();
    for (const { name, fields, hex } of recorded) {
      const frame = native(fields);
      assert.equal(Buffer.from(encode(TYPE[name], frame)).toString("hex"), hex, name);
      const bytes = new Uint8Array(Buffer.from(hex, "hex"));
      assert.deepEqual(decode(bytes.buffer), { ...frame, type: TYPE[name] }, name);
    }
  });

  test("of an unknown type are ignored, and those that are too short are refused", async () => {
    const { decode } = await load();
    assert.equal(decode(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 99).buffer), null);
    assert.throws(() => decode(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 250, 0).buffer), RangeError);
    assert.throws(() => decode(new ArrayBuffer(8)), RangeError);
  });
});

describe("the client", () => {
  test("sends and receives messages, acknowledged both ways", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await meet(t, harness, { sid: 2n ** 64n - 1n });
    assert.equal(session.sid, 2n ** 64n - 1n);
    const [[text]] = await Promise.all([event(session, "message-utf8"), client.sendText("\ufeffGrüße")]);
    assert.equal(text, "\ufeffGrüße");
    const [[bytes]] = await Promise.all([event(session, "message-binary"), client.sendBinary(Uint8Array.of(1, 2))]);
    assert.deepEqual([...bytes], [1, 2]);
    for (const [name, send, message] of [
      ["text", () => session.SendUTF8("hello"), "hello"],
      ["peer-error", () => session.base.SendError("no"), "no"],
    ]) {
      const [[{ detail }]] = await within(Promise.all([once(client, name), send()]), name);
      assert.equal(detail, message);
    }
    assert.ok((await within(client.ping(), "a pong")) >= 0);
    assert.ok(client.rx > 0 && client.tx > 0);
  });

  test("leaves with BYE and does not reconnect", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await meet(t, harness);
    const closed = once(client, "close");
    const gone = event(session, "closed");
    client.close("enough");
    const [{ detail }] = await within(closed, "the close");
    assert.deepEqual(detail, { code: 4000, reason: "enough", retryMs: null });
    await gone;
    await assert.rejects(client.sendText("too late"), /Not connected/);
  });

  test("is told when its first attempt fails, and does not try again", async (t) => {
    const { CryoClient } = await load();
    const harness = await Harness.start(t);
    const client = new CryoClient({ url: `ws://127.0.0.1:${harness.port}`, token: "wrong", WebSocket });
    const closes = [];
    client.addEventListener("close", ({ detail }) => closes.push(detail));
    await assert.rejects(within(client.connect(), "the refusal"), /refused/);
    await new Promise(setImmediate);
    assert.deepEqual(closes, [], "another attempt would be announced by the event close");
  });

  test("reconnects after a cut with the same session id, and rejects what was under way", async (t) => {
    const harness = await Harness.start(t, { onDuplicateSid: "replace" });
    const network = await breakable(harness.port);
    t.after(() => network.close());
    const { client, session } = await meet(t, harness, { port: network.port });
    const sending = client.sendStream(endless(), { name: "cut short" });
    const again = harness.session(client.sid);
    const open = once(client, "open");
    network.cut();
    await assert.rejects(within(sending, "the stream's end"), /lost/);
    await within(open, "the reconnect");
    assert.notEqual(await again, session);
    await within(client.sendText("back"), "the acknowledgement");
  });

  async function* endless() {
    for (;;) {
      yield new Uint8Array(1024);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test("pushes a stream and tells its progress", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await meet(t, harness);
    const bytes = randomBytes(1_000_000);
    const progress = [];
    const sending = client.sendStream(new Blob([bytes]), { name: "up", onProgress: (count) => progress.push(count) });
    const chunks = [];
    for await (const chunk of await session.WaitForStream("up")) chunks.push(chunk);
    await within(sending, "the stream's end");
    assert.equal(sha256(Buffer.concat(chunks)), sha256(bytes));
    assert.equal(progress.at(-1), bytes.length);
    assert.deepEqual(progress, [...progress].sort((a, b) => a - b));
  });

  test("stops pushing when the receiver cancels", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await meet(t, harness);
    const sending = client.sendStream(endless(), { name: "unwanted" });
    (await session.WaitForStream("unwanted")).destroy();
    await assert.rejects(within(sending, "the stream's end"), /cancelled/);
  });

  test("receives a stream that is pushed", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await meet(t, harness);
    const bytes = randomBytes(1_000_000);
    const [[{ detail }]] = await Promise.all([within(once(client, "stream"), "a stream"), session.Stream([bytes], "down")]);
    assert.equal(detail.name, "down");
    assert.equal(sha256(await collect(detail)), sha256(bytes));
  });

  test("fetches the ranges it wants of a stream that is offered", async (t) => {
    const { FLOW } = await load();
    const harness = await Harness.start(t, { streamChunkBytes: 10 });
    const { client, session } = await meet(t, harness);
    await client.setFlow(FLOW.PULL);
    const offered = once(client, "stream");
    const sent = session.Stream([Buffer.from("0123456789abcdefghij!")], "offer");
    const [{ detail: stream }] = await within(offered, "an offer");
    assert.equal(stream.byteLength, 21);
    await stream.fetch(1, 2);
    await stream.fetch(0, 1);
    await stream.fetch(2, 9);
    assert.equal(String(await collect(stream)), "abcdefghij0123456789!");
    await within(sent, "the stream's end");
  });
});
