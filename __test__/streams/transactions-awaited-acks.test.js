"use strict";

// Applications that await an ACK before they go on reading: it stands behind what they have not read, and comes all the same.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { joined } = require("../support/server");
const { noise, pieces, sha256, upload } = require("../support/transactions");
const { event, until, within } = require("../support/wait");

const KIB = 1024;
/** Of what comes, more than 16 times this is never unread. */
const OPTIONS = { maxUnreadBytes: 64 * KIB };
const BYTES = noise(768 * KIB);

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
