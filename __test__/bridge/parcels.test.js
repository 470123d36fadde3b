"use strict";

// Payloads of 1 MiB and more, which are taken over step by step: nothing of their session passes by them, everybody else does.

const assert = require("node:assert/strict");
const { buffer } = require("node:stream/consumers");
const { describe, it, test } = require("node:test");

const { loadNative } = require("../../lib/bridge/native.js");
const { Parcels } = require("../../lib/bridge/parcels.js");
const { failing, withoutMemory } = require("../support/memory");
const { joined } = require("../support/server");
const { noise, sha256, upload } = require("../support/transactions");
const { deferred, event, within } = require("../support/wait");

const MIB = 1024 * 1024;
const body = noise(2 * MIB + 3);
const text = "€".repeat(MIB);
const LOST = "ERR_CRYO_PAYLOAD_LOST";

describe("the queue of parcels", () => {
  /** The native side of a parcel, which writes down its steps. */
  const native = (name, steps, log) => {
    let left = steps;
    return {
      step(target) {
        log.push(`${name} ${target.length}`);
        return --left === 0;
      },
      discard: () => log.push(`${name} discarded`),
    };
  };

  it("takes one step per turn of the event loop, one parcel after the other", async () => {
    const log = [];
    const parcels = new Parcels();
    const done = deferred();
    const [first, second] = [parcels.make(native("first", 2, log), 7, 0), parcels.make(native("second", 1, log), 8, 0)];
    first.gather((payload) => log.push(`${payload.buffer().length} bytes are there`), () => {});
    second.gather(() => {}, done.resolve);
    let turns = 0;
    const turn = () => {
      log.push(`turn ${++turns}`);
      if (turns < 3) setImmediate(turn);
    };
    setImmediate(turn);
    await done.promise;
    assert.deepEqual(log, ["first 7", "turn 1", "first 7", "7 bytes are there", "turn 2", "second 8"]);
  });

  it("takes one step per turn, even where the end of one parcel asks for the next", async () => {
    const log = [];
    const parcels = new Parcels();
    const done = deferred();
    const [first, second] = [parcels.make(native("first", 1, log), 7, 0), parcels.make(native("second", 3, log), 8, 0)];
    first.gather(() => {}, () => second.gather(() => {}, done.resolve));
    let turns = 0;
    const turn = () => {
      log.push(`turn ${++turns}`);
      if (turns < 5) setImmediate(turn);
    };
    setImmediate(turn);
    await done.promise;
    assert.deepEqual(log, ["first 7", "turn 1", "second 8", "turn 2", "second 8", "turn 3", "second 8"]);
  });

  const failures = {
    "whose memory can't be had": (t) => withoutMemory(t, Buffer, "allocUnsafeSlow", (_, length) => length === 7),
    "whose step fails": (t, broken) => t.mock.method(broken, "step", failing),
    "of which nothing can be made": (t, broken, take) => take.mock.mockImplementation(failing),
  };
  for (const [which, fail] of Object.entries(failures)) {
    it(`leaves out one ${which}, and goes on with the next`, async (t) => {
      const log = [];
      const parcels = new Parcels();
      const broken = native("first", 1, log);
      const take = t.mock.fn();
      fail(t, broken, take);
      const ends = [deferred(), deferred()];
      parcels.make(broken, 7, 0).gather(take, ends[0].resolve);
      parcels.make(native("second", 1, log), 8, 0).gather((payload) => log.push(payload.length), ends[1].resolve);
      const error = await within(ends[0].promise, "the first one's end");
      assert.equal(error.code, LOST);
      assert.match(error.message, /7 bytes.*Array buffer allocation failed/);
      assert.equal(error.cause.message, "Array buffer allocation failed");
      assert.equal(await within(ends[1].promise, "the second one's end"), null);
      assert.deepEqual(log.slice(-3), ["first discarded", "second 8", 8]);
    });
  }
});

test("what comes after a large payload waits for it, and all arrives as it was sent", async (t) => {
  const { client, session } = await joined(t);
  const seen = [];
  const closed = deferred();
  session.on("message-binary", (data) => seen.push(data.length > 9 ? sha256(data) : String(data)));
  session.on("message-utf8", (value) => seen.push(value.length > 9 ? value === text : value));
  session.on("message-error", (value) => seen.push(value.length));
  session.on("closed", () => closed.resolve(seen.push("closed")));
  const stream = session.WaitForStream("up", 30_000).then(buffer);
  client.send("UTF8DATA", { payload: "first" });
  client.send("BINARYDATA", { payload: body });
  client.send("BINARYDATA", { payload: "small" });
  client.send("UTF8DATA", { payload: text });
  client.send("ERROR", { payload: "x".repeat(MIB) });
  upload(client, 1, "up", [Buffer.from("one"), body, Buffer.from("three")]);
  client.send("UTF8DATA", { payload: "last" });
  client.send("BYE", { reason: "" });
  await within(closed.promise, "closed");
  assert.deepEqual(seen, ["first", sha256(body), "small", true, MIB, "last", "closed"]);
  assert.equal(sha256(await stream), sha256([Buffer.from("one"), body, Buffer.from("three")]));
});

test("several large payloads of one session arrive in order where maxUnreadBytes has room for them", async (t) => {
  const { server, client, session } = await joined(t, { maxUnreadBytes: 64 * MIB });
  const all = async () => {
    while (session.rx < 6 * MIB) await new Promise(setImmediate);
  };
  server.RegisterExtension({ name: "gate", on_receive_utf8: all });
  const seen = [];
  const closed = event(session, "closed");
  client.send("UTF8DATA", { payload: "wait until all are there" });
  session.on("message-binary", (data) => seen.push(data[0]));
  for (const number of [1, 2, 3]) client.send("BINARYDATA", { payload: Buffer.alloc(2 * MIB, number) });
  client.send("BYE", { reason: "" });
  await closed;
  assert.deepEqual(seen, [1, 2, 3]);
});

test("a large payload is delivered before `closed`, even where the session's end would not wait for a hook", async (t) => {
  const { client, session } = await joined(t, { closeTimeoutMs: 1 });
  const seen = [];
  session.on("message-binary", (data) => seen.push(data.length));
  const closed = event(session, "closed");
  client.send("BINARYDATA", { payload: Buffer.alloc(16 * MIB) });
  client.send("BYE", { reason: "" });
  await closed;
  assert.deepEqual(seen, [16 * MIB]);
});

test("a large payload does not prolong the wait for a hook that does not settle", async (t) => {
  const { server, client, session } = await joined(t, { closeTimeoutMs: 50, maxUnreadBytes: 64 * MIB });
  server.RegisterExtension({ name: "stuck", on_receive_utf8: () => new Promise(() => {}) });
  const closed = event(session, "closed");
  client.send("UTF8DATA", { payload: "stuck" });
  client.send("BINARYDATA", { payload: body });
  client.send("BYE", { reason: "" });
  await closed;
});

test("hooks see a large payload like any other, and it is acknowledged after them", async (t) => {
  const { server, client, session } = await joined(t);
  const gate = deferred();
  server.RegisterExtension({
    name: "gate",
    on_receive_binary: async (_, box) => {
      gate.resolve(sha256(box.value));
      await new Promise(setImmediate);
      box.value = box.value.subarray(0, 3);
    },
  });
  const message = event(session, "message-binary");
  const ack = client.send("BINARYDATA", { payload: body });
  assert.equal(await within(gate.promise, "the hook"), sha256(body));
  assert.deepEqual(await message, [body.subarray(0, 3)]);
  assert.equal((await client.nextOf("ACK")).ack, ack);
});

test("a large payload belongs to the application, which may transfer it to a worker", async (t) => {
  const { client, session } = await joined(t);
  const message = event(session, "message-binary");
  client.send("BINARYDATA", { payload: body });
  const [data] = await message;
  const moved = structuredClone(data.buffer, { transfer: [data.buffer] });
  assert.deepEqual([data.length, moved.byteLength], [0, body.length]);
});

describe("a large payload that can't be taken over for lack of memory", () => {
  const CLOSE = { code: 4002, reason: "The server could not take over what has come." };
  const bytesFail = (t) => withoutMemory(t, Buffer, "allocUnsafeSlow", (_, length) => length === body.length);
  /** Whatever waits for a time-out comes too late for its test. */
  const PATIENT = { closeTimeoutMs: 300_000, undelivered: "reject" };
  const ROOMY = { ...PATIENT, maxUnreadBytes: 64 * MIB };

  /** All that a session tells of what has come. */
  function record(session) {
    const seen = [];
    for (const kind of ["message-utf8", "message-binary", "message-error"]) session.on(kind, (value) => seen.push(String(value)));
    for (const kind of ["tx-start", "tx-chunk", "tx-finish"]) session.stream.on(kind, () => seen.push(kind));
    session.on("closed", () => seen.push("closed"));
    return seen;
  }

  const kinds = {
    bytes: { frame: ["BINARYDATA", { payload: body }], fail: bytesFail, length: body.length },
    text: {
      frame: ["UTF8DATA", { payload: text }],
      fail: (t) => withoutMemory(t, Buffer.prototype, "utf8Slice", ({ length }) => length === text.length * 3),
      length: text.length * 3,
    },
    "a piece of a stream": { frame: ["TX_CHUNK", { txId: 1, seq: 0, payload: body }], fail: bytesFail, length: body.length },
  };
  for (const [what, { frame, fail, length }] of Object.entries(kinds)) {
    test(`${what}: it is reported, its session ends without delivering what came after it, and others go on`, async (t) => {
      const { harness, server, client, session } = await joined(t, ROOMY);
      const other = await harness.join();
      fail(t);
      client.send("TX_START", { txId: 1, byteLength: -1, streamName: "up" });
      const stream = await session.WaitForStream("up");
      const seen = record(session);
      const waiting = [session.SendUTF8("not acknowledged"), session.WaitForStream("none", 300_000), buffer(stream)];
      const ended = Promise.allSettled(waiting);
      const reported = event(server, "error");
      client.send("UTF8DATA", { payload: "before" });
      client.send(...frame);
      client.send("UTF8DATA", { payload: "behind" });
      client.send("BINARYDATA", { payload: Buffer.alloc(2 * MIB) });
      client.send("TX_CHUNK", { txId: 1, seq: 1, payload: Buffer.from("behind") });
      client.send("TX_FINISH", { txId: 1 });
      const message = event(other.session, "message-binary");
      other.client.send("BINARYDATA", { payload: Buffer.alloc(2 * MIB) });

      const [error, whose, where] = await reported;
      assert.deepEqual([error.code, whose, where], [LOST, session, "delivery"]);
      assert.match(error.message, new RegExp(`${length} bytes`));
      assert.deepEqual(await client.closed(), CLOSE);
      const reasons = (await within(ended, "what waits for the session")).map(({ reason }) => reason?.code);
      assert.deepEqual(reasons, ["ERR_CRYO_SESSION_CLOSED", "ERR_CRYO_SESSION_CLOSED", "ERR_CRYO_STREAM_PREMATURE_CLOSE"]);
      assert.deepEqual(seen, ["before", "closed"]);
      assert.equal((await message)[0].length, 2 * MIB);
    });
  }

  test("if its session has ended already, `closed` comes without what stood in between", async (t) => {
    const { server, client, session } = await joined(t, ROOMY);
    const gate = deferred();
    server.RegisterExtension({ name: "gate", on_receive_utf8: () => gate.promise });
    bytesFail(t);
    const discard = t.mock.method(loadNative().NativeParcel.prototype, "discard");
    const seen = record(session);
    const [reported, closed] = [event(server, "error"), event(session, "closed")];
    client.send("UTF8DATA", { payload: "before" });
    client.send("BINARYDATA", { payload: body });
    client.send("BINARYDATA", { payload: "behind" });
    client.send("UTF8DATA", { payload: text });
    client.send("BYE", { reason: "" });
    await client.closed();
    await session.Close();
    gate.resolve();
    assert.equal((await reported)[0].code, LOST);
    await closed;
    assert.deepEqual(seen, ["before", "closed"]);
    assert.equal(discard.mock.callCount(), 2, "what Rust has of this one and of the one behind it");
  });

  test("what comes while it is reported is not delivered either", async (t) => {
    const { server, client, session } = await joined(t, ROOMY);
    kinds.text.fail(t);
    const seen = record(session);
    server.once("error", () => {
      const behind = [["UTF8DATA", { payload: "behind" }], ["TX_START", { txId: 1, byteLength: -1, streamName: "up" }]];
      for (const frame of behind) {
        const { rx } = session;
        client.send(...frame);
        while (session.rx === rx);
      }
    });
    const closed = event(session, "closed");
    client.send(...kinds.text.frame);
    await closed;
    assert.deepEqual(seen, ["closed"]);
  });

  test("of what comes until its session has ended, no more than `maxUnreadBytes` is acknowledged", async (t) => {
    const { harness, server, client, session } = await joined(t, PATIENT);
    const gate = deferred();
    server.RegisterExtension({ name: "gate", before_send_utf8: () => gate.promise });
    bytesFail(t);
    const other = await harness.join();
    const seen = record(session);
    session.SendUTF8("sent before");
    const [reported, closed] = [event(server, "error"), event(session, "closed")];
    const lost = client.send("BINARYDATA", { payload: body });
    await reported;
    client.send("BINARYDATA", { payload: "behind" });
    for (let round = 0; round < 20; round++) {
      const ack = other.client.send("BINARYDATA", { payload: "goes on" });
      assert.equal((await other.client.nextOf("ACK")).ack, ack);
    }
    gate.resolve();
    assert.equal((await client.nextOf("ACK")).ack, lost);
    assert.equal((await client.next()).payload, "sent before");
    assert.deepEqual(await client.closed(), CLOSE);
    await closed;
    assert.deepEqual(seen, ["closed"]);
  });
});
