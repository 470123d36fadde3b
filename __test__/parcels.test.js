"use strict";

// Payloads of 1 MiB and more, which are taken over step by step: nothing of their session passes by them, everybody else does.

const assert = require("node:assert/strict");
const { buffer } = require("node:stream/consumers");
const { describe, it, test } = require("node:test");

const { Parcels } = require("../lib/border/parcels.js");
const { joined } = require("./support/server");
const { noise, sha256, upload } = require("./support/transactions");
const { deferred, event, within } = require("./support/wait");

const MIB = 1024 * 1024;
const body = noise(2 * MIB + 3);
const text = "€".repeat(MIB);

describe("the queue of parcels", () => {
  /** The native side of a parcel, which writes down its steps. */
  const native = (name, steps, log) => {
    let left = steps;
    return {
      step(target) {
        log.push(`${name} ${target.length}`);
        return --left === 0;
      },
    };
  };

  it("takes one step in a turn of the event loop, one parcel after the other", async () => {
    const log = [];
    const parcels = new Parcels();
    const done = deferred();
    const [first, second] = [parcels.make(native("first", 2, log), 7, 0), parcels.make(native("second", 1, log), 8, 0)];
    first.gather((payload) => log.push(`${payload.buffer().length} bytes are there`));
    second.gather(() => done.resolve());
    let turns = 0;
    const turn = () => {
      log.push(`turn ${++turns}`);
      if (turns < 3) setImmediate(turn);
    };
    setImmediate(turn);
    await done.promise;
    assert.deepEqual(log, ["first 7", "turn 1", "first 7", "7 bytes are there", "turn 2", "second 8"]);
  });

  it("takes no more steps where the end of one parcel asks for the next", async () => {
    const log = [];
    const parcels = new Parcels();
    const done = deferred();
    const [first, second] = [parcels.make(native("first", 1, log), 7, 0), parcels.make(native("second", 3, log), 8, 0)];
    first.gather(() => second.gather(() => done.resolve()));
    let turns = 0;
    const turn = () => {
      log.push(`turn ${++turns}`);
      if (turns < 5) setImmediate(turn);
    };
    setImmediate(turn);
    await done.promise;
    assert.deepEqual(log, ["first 7", "turn 1", "second 8", "turn 2", "second 8", "turn 3", "second 8"]);
  });
});

test("what comes behind one waits for it, and all arrives as it was sent", async (t) => {
  const { client, session } = await joined(t);
  const seen = [];
  const closed = deferred();
  session.on("message-binary", (data) => seen.push(data.length > 9 ? sha256(data) : String(data)));
  session.on("message-utf8", (value) => seen.push(value.length > 9 ? value === text : value));
  session.on("message-error", (value) => seen.push(value.length));
  session.on("closed", () => closed.resolve(seen.push("closed")));
  const stream = session.WaitForStream("up").then(buffer);
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

test("several of one session, where it may have as much unread", async (t) => {
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

test("one is delivered before `closed` even where the session's end would not wait for a hook", async (t) => {
  const { client, session } = await joined(t, { closeTimeoutMs: 1 });
  const seen = [];
  session.on("message-binary", (data) => seen.push(data.length));
  const closed = event(session, "closed");
  client.send("BINARYDATA", { payload: Buffer.alloc(16 * MIB) });
  client.send("BYE", { reason: "" });
  await closed;
  assert.deepEqual(seen, [16 * MIB]);
});

test("a hook that does not settle is waited for no longer because one comes behind it", async (t) => {
  const { server, client, session } = await joined(t, { closeTimeoutMs: 50 });
  server.RegisterExtension({ name: "stuck", on_receive_utf8: () => new Promise(() => {}) });
  const closed = event(session, "closed");
  client.send("UTF8DATA", { payload: "stuck" });
  client.send("BINARYDATA", { payload: body });
  client.send("BYE", { reason: "" });
  await closed;
});

test("hooks see one as any other message, which is acknowledged behind them", async (t) => {
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

test("one is the application's own: it may be transferred to a worker", async (t) => {
  const { client, session } = await joined(t);
  const message = event(session, "message-binary");
  client.send("BINARYDATA", { payload: body });
  const [data] = await message;
  const moved = structuredClone(data.buffer, { transfer: [data.buffer] });
  assert.deepEqual([data.length, moved.byteLength], [0, body.length]);
});
