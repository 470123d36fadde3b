"use strict";

// Frames that a well-behaved client does not send: refused by their session alone, or ignored.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { joined } = require("../support/server");
const { UNINTELLIGIBLE, head } = require("../support/violations");
const { event } = require("../support/wait");
const { OPCODES, encodeFrame } = require("../support/websocket");

async function assertStillServed({ client, session }) {
  const message = event(session, "message-utf8");
  const ack = client.send("UTF8DATA", { payload: "still served" });
  assert.deepEqual(await message, ["still served"]);
  assert.equal((await client.nextOf("ACK")).ack, ack);
}

describe("a frame that can't be understood closes with 4001", () => {
  for (const [title, frame] of Object.entries(UNINTELLIGIBLE)) {
    test(title, async (t) => {
      const { harness, client, session } = await joined(t);
      const neighbour = await harness.join();
      const closed = event(session, "closed");
      client.write(encodeFrame(frame));
      const { code, reason } = await client.closed();
      assert.equal(code, 4001);
      assert.notEqual(reason, "");
      await closed;
      await assertStillServed(neighbour);
    });
  }
});

describe("ignored", () => {
  for (const type of [6, 100, 248]) {
    test(`frames of the unknown type ${type}`, async (t) => {
      const { client, session } = await joined(t);
      const messages = [];
      for (const name of ["message-utf8", "message-binary", "message-error"]) {
        session.on(name, (value) => messages.push(value));
      }
      client.write(encodeFrame(head(type)));
      client.write(encodeFrame(head(type, 0, 0, 0, 9, ...Buffer.from("payload"))));
      await assertStillServed({ client, session });
      assert.deepEqual(messages, ["still served"]);
    });
  }

  test("ACKs of numbers that were never sent, or sent and acknowledged", async (t) => {
    const { client, session } = await joined(t);
    for (const ack of [0, 1, 77, 0xffffffff]) client.send("ACK", { ack });
    await assertStillServed({ client, session });
    const sent = session.SendUTF8("one");
    const { ack } = await client.nextOf("UTF8DATA");
    for (let i = 0; i < 3; i++) client.send("ACK", { ack });
    await sent;
    await assertStillServed({ client, session });
  });

  test("a pong that nobody asked for", async (t) => {
    const { client, session } = await joined(t);
    client.send("PING_PONG", { ack: 1234, payload: "pong" });
    await assertStillServed({ client, session });
  });

  test("the sid inside a frame: the connection is what was authenticated", async (t) => {
    const { client, session } = await joined(t);
    const message = event(session, "message-utf8");
    client.send("UTF8DATA", { sid: 999n, payload: "from whom?" });
    assert.deepEqual(await message, ["from whom?"]);
    assert.equal((await client.nextOf("ACK")).sid, client.sid);
  });
});

describe("answered", () => {
  test("a ping, with a pong of its number and no other frame", async (t) => {
    const { client } = await joined(t);
    client.send("PING_PONG", { ack: 0xfffffffe, payload: "ping" });
    const { name, ack, payload } = await client.next();
    assert.deepEqual({ name, ack, payload }, { name: "PING_PONG", ack: 0xfffffffe, payload: "pong" });
    const next = client.send("UTF8DATA", { payload: "next" });
    const frame = await client.next();
    assert.deepEqual([frame.name, frame.ack], ["ACK", next]);
  });

  test("any ack number, in whatever order", async (t) => {
    const { client } = await joined(t);
    for (const ack of [0xffffffff, 0, 5, 5]) {
      client.send("UTF8DATA", { ack, payload: "x" });
      assert.equal((await client.nextOf("ACK")).ack, ack);
    }
  });

  test("a text that is not UTF-8, as Buffer's toString() reads it", async (t) => {
    const { client, session } = await joined(t);
    const messages = [event(session, "message-utf8"), event(session, "message-error")];
    const payload = Buffer.from([0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82]);
    client.send("UTF8DATA", { payload });
    client.send("ERROR", { payload });
    for (const message of messages) assert.deepEqual(await message, [payload.toString()]);
  });

  test("a frame in a text message", async (t) => {
    const { client } = await joined(t);
    // Of all frames only those of transactions, with a small sid, are valid UTF-8. This one is understood, and wrong.
    client.write(encodeFrame(head(3, 0, 0, 0, 1, 2), { opcode: OPCODES.TEXT }));
    assert.equal((await client.closed()).code, 4001);
  });

  test("a version of the protocol that is not 1, with 4001 and no ACK", async (t) => {
    const { client } = await joined(t);
    client.send("ENDPOINT_INFO", { version: 7, features: 1n });
    assert.deepEqual(await client.closed(), {
      code: 4001,
      reason: "Protocol mismatch. Client offered 7, we support 1 !",
    });
    assert.deepEqual(client.frames.take(), []);
  });
});
