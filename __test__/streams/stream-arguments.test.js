"use strict";

// What the streams' methods take besides a source, and what they come to on a session that is over.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { Readable } = require("node:stream");
const { describe, test } = require("node:test");

const { CRYO_FLOW_BEHAVIOUR } = require("../..");
const { caughtUp } = require("../support/pair");
const { joined } = require("../support/server");
const { event, settled, within } = require("../support/wait");

const ACKS = { acks: true };
const { TX_PULL } = CRYO_FLOW_BEHAVIOUR;

/** A stream of the client's that was claimed. */
async function claimed(t) {
  const { client, session } = await joined(t, {}, ACKS);
  const claim = session.WaitForStream("up");
  client.send("TX_START", { txId: 6, byteLength: 4, streamName: "up" });
  return { client, session, readable: await claim };
}

describe("a range of chunks", () => {
  test("to Infinity is all that remain", async (t) => {
    const { client, session, readable } = await claimed(t);
    session.StreamFetchRange(readable, 3, Infinity);
    const { start, end } = await client.nextOf("TX_FETCH");
    assert.deepEqual([start, end], [3, 2 ** 32 - 1]);
  });

  test("that makes no sense is refused in the name of the method that was called", async (t) => {
    const { session, readable } = await claimed(t);
    for (const [owner, method] of [[session, "StreamFetchRange"], [session.stream, "StreamRequestRange"]]) {
      for (const range of [[{ txId: 6 }, 0, 1], [readable, -1, 1], [readable, Infinity, Infinity], [readable, 0, -Infinity], [readable, 0, 0.5]]) {
        await assert.rejects(owner[method](...range), (error) => {
          assert.equal(error.code, "ERR_CRYO_INVALID_ARGUMENT");
          assert.match(error.message, new RegExp(`^${method} takes `));
          return true;
        });
      }
    }
  });
});

describe("a range of a stream that is not this session's, or is not that number's any more,", () => {
  const REFUSED = { code: "ERR_CRYO_INVALID_ARGUMENT", message: /a stream of this session, before its number is used again/ };

  test("is refused, and the peer hears nothing", async (t) => {
    const { harness, client, session } = await joined(t, {}, ACKS);
    const other = await harness.join();
    const claims = [session.WaitForStream("up"), other.session.WaitForStream("up")];
    for (const one of [client, other.client]) one.send("TX_START", { txId: 6, byteLength: 4, streamName: "up" });
    const [own, foreign] = await Promise.all(claims);
    await assert.rejects(session.StreamFetchRange(foreign, 0, 1), REFUSED);
    const next = session.WaitForStream("next");
    client.send("TX_FINISH", { txId: 6 });
    client.send("TX_START", { txId: 6, byteLength: 4, streamName: "next" });
    await assert.rejects(session.StreamFetchRange((await next) && own, 0, 1), REFUSED);
    await session.StreamFetchRange(await next, 0, 1);
    assert.deepEqual(client.frames.take().filter(({ name }) => name === "TX_FETCH").length, 1);
  });
});

describe("a name that can't be used", () => {
  const WRONG = [[7, "ERR_CRYO_INVALID_ARGUMENT"], ["n".repeat(16 * 1024 * 1024 + 1), "ERR_CRYO_PAYLOAD_TOO_LARGE"]];

  for (const [name, code] of WRONG) {
    test(`destroys the source: ${code}`, async (t) => {
      const { session } = await joined(t, {}, ACKS);
      const stream = new Readable({ read() {} });
      await assert.rejects(session.Stream(stream, name), { code });
      assert.equal(stream.destroyed, true);
      let returned = 0;
      const iterator = { next: () => ({ done: false, value: "x" }), return: () => returned++ };
      await assert.rejects(session.Stream({ [Symbol.iterator]: () => iterator }, name), { code });
      assert.equal(returned, 1);
    });
  }

  test("ends no process where the source fails, too", async (t) => {
    const { session } = await joined(t, {}, ACKS);
    const missing = fs.createReadStream("/no/such/file");
    const closed = new Promise((resolve) => missing.once("close", resolve));
    await assert.rejects(session.Stream(missing, 7), { code: "ERR_CRYO_INVALID_ARGUMENT" });
    await within(closed, "its end");
  });
});

describe("SetIncomingFlowControl on a session that is over", () => {
  const closing = async (t, options) => {
    const { client, session } = await joined(t, options, ACKS);
    const closed = event(session, "closed");
    client.close();
    await closed;
    return session;
  };

  test('stays pending as a send does: undelivered "pending"', async (t) => {
    const session = await closing(t, {});
    const promises = [session.SetIncomingFlowControl(TX_PULL), session.SendUTF8("x")];
    await caughtUp(await joined(t, {}, ACKS));
    assert.deepEqual(await Promise.all(promises.map(settled)), [false, false]);
  });

  test('rejects as a send does: undelivered "reject"', async (t) => {
    const session = await closing(t, { undelivered: "reject" });
    for (const promise of [session.SetIncomingFlowControl(TX_PULL), session.SendUTF8("x")]) {
      await assert.rejects(promise, { code: "ERR_CRYO_SESSION_CLOSED" });
    }
  });
});
