"use strict";

// Applications that await an ACK before they go on reading: it stands behind what they have not read, and comes all the same.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { setTimeout: pause } = require("node:timers/promises");

const { joined } = require("../support/server");
const { noise, pieces, sha256, upload } = require("../support/transactions");
const { event, until, within } = require("../support/wait");

const KIB = 1024;
/** Of what comes, more than 16 times this is never unread. */
const OPTIONS = { maxUnreadBytes: 64 * KIB };
const BYTES = noise(768 * KIB);
/** Longer than an ACK has before it counts as timed out, and the server has looked. */
const LATE_MS = 3000;

describe("an ACK that stands behind what is not read", () => {
  test("comes where it is awaited for each piece of a stream", async (t) => {
    const { client, session } = await joined(t, OPTIONS, { acks: true });
    const waiting = session.WaitForStream("up");
    upload(client, 1, "up", pieces(BYTES, 32 * KIB));
    const read = [];
    const through = (async () => {
      for await (const piece of await waiting) {
        read.push(piece);
        // The client's ACK comes behind all that it has sent before it could see this.
        if (read.length === 1) await session.SendUTF8("got the first");
      }
    })();
    await within(through, "the stream");
    assert.equal(sha256(Buffer.concat(read)), sha256(BYTES));
  });

  test("comes where a stream is begun before another is read", async (t) => {
    const { client, session } = await joined(t, OPTIONS, { acks: true });
    const waiting = session.WaitForStream("up");
    upload(client, 1, "up", pieces(BYTES, 32 * KIB));
    const up = await within(waiting, "WaitForStream()");
    // Nothing is sent before the limit is reached.
    await until(() => session.rx >= OPTIONS.maxUnreadBytes, "the limit");
    await within(session.Stream(up, "down"), "Stream()");
  });

  test("comes where a receive hook awaits it", async (t) => {
    const { server, client, session } = await joined(t, OPTIONS, { acks: true });
    server.RegisterExtension({
      name: "receipts",
      async on_receive_binary(its) {
        await its.SendUTF8("received");
        return true;
      },
    });
    const messages = pieces(BYTES, 60 * KIB);
    const lengths = [];
    session.on("message-binary", ({ length }) => lengths.push(length));
    const last = event(session, "message-error");
    client.write(Buffer.concat(messages.map((payload) => client.message("BINARYDATA", { payload }))));
    client.send("ERROR", { payload: "over" });
    await last;
    assert.deepEqual(lengths, messages.map(({ length }) => length));
  });
});

// On a slow link: what stands before the ACK comes only when nobody expects the ACK any more.
describe("an ACK that stands behind what is not read, and is late", { concurrency: true }, () => {
  test("comes where it is awaited for a piece of a stream", async (t) => {
    const { client, session } = await joined(t, OPTIONS);
    const waiting = session.WaitForStream("up");
    const [first, ...others] = pieces(BYTES, 32 * KIB);
    client.send("TX_START", { txId: 1, byteLength: -1, streamName: "up" });
    client.send("TX_CHUNK", { txId: 1, seq: 0, payload: first });
    const read = [];
    const through = (async () => {
      for await (const piece of await waiting) {
        read.push(piece);
        if (read.length === 1) await session.SendUTF8("got the first");
      }
    })();
    const { ack } = await client.nextOf("UTF8DATA");
    await pause(LATE_MS);
    others.forEach((payload, i) => client.send("TX_CHUNK", { txId: 1, seq: i + 1, payload }));
    client.send("ACK", { ack });
    client.send("TX_FINISH", { txId: 1 });
    await within(through, "the stream");
    assert.equal(sha256(read), sha256(BYTES));
  });

  for (const undelivered of ["pending", "reject"]) {
    test(`comes where a stream waits for its end: undelivered "${undelivered}"`, async (t) => {
      const { client, session } = await joined(t, { ...OPTIONS, undelivered });
      const waiting = session.WaitForStream("up");
      const [first, ...others] = pieces(BYTES, 32 * KIB);
      client.send("TX_START", { txId: 1, byteLength: -1, streamName: "up" });
      client.send("TX_CHUNK", { txId: 1, seq: 0, payload: first });
      const up = await within(waiting, "WaitForStream()");
      const streamed = session.Stream([Buffer.from("down")], "down");
      client.send("ACK", { ack: (await client.nextOf("TX_START")).ack });
      const { ack } = await client.nextOf("TX_FINISH");
      await pause(LATE_MS);
      others.forEach((payload, i) => client.send("TX_CHUNK", { txId: 1, seq: i + 1, payload }));
      client.send("ACK", { ack });
      await within(streamed, "Stream()");
      up.destroy();
    });
  }

  test("comes where a receive hook awaits it", async (t) => {
    const { server, client, session } = await joined(t, OPTIONS);
    const lengths = [];
    server.RegisterExtension({
      name: "receipts",
      async on_receive_binary(its, { value: { length } }) {
        if (lengths.push(length) === 1) await its.SendUTF8("received the first");
        return true;
      },
    });
    const [first, ...others] = pieces(BYTES, 60 * KIB);
    const last = event(session, "message-error");
    client.send("BINARYDATA", { payload: first });
    const { ack } = await client.nextOf("UTF8DATA");
    await pause(LATE_MS);
    others.forEach((payload) => client.send("BINARYDATA", { payload }));
    client.send("ACK", { ack });
    client.send("ERROR", { payload: "over" });
    await last;
    assert.deepEqual(lengths, [first, ...others].map(({ length }) => length));
  });
});
