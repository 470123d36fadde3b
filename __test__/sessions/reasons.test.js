"use strict";

// Close() and Destroy() with reasons that are no text: often what a client has sent. Leaving does not fail for it.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { joined } = require("../support/server");
const { deferred, event, within } = require("../support/wait");

const REASONS = {
  "an object": [{ a: 1 }, "[object Object]"],
  "a symbol": [Symbol("why"), "Symbol(why)"],
  "null": [null, "null"],
};
/** As JSON of a client makes it. */
const UNTELLABLE = JSON.parse('{ "toString": 1, "valueOf": 1 }');

describe("a reason", () => {
  for (const [what, [reason, text]] of Object.entries(REASONS)) {
    test(`that is ${what} is told as text`, async (t) => {
      const { client, session } = await joined(t);
      session.Close(reason);
      assert.equal((await client.nextOf("BYE")).reason, text);
    });
  }

  test("that has no text is left out of Close()", async (t) => {
    const { client, session } = await joined(t);
    const closing = session.Close(UNTELLABLE);
    assert.equal((await client.nextOf("BYE")).reason, "disconnect");
    await client.closed();
    await within(closing, "Close()");
  });

  test("that has no text is left out of Destroy()", async (t) => {
    const { client, session } = await joined(t);
    session.Destroy(4001, UNTELLABLE);
    assert.deepEqual(await client.closed(), { code: 4001, reason: "" });
  });

  test("that has no text, behind a send hook that is at work", async (t) => {
    const { server, client, session } = await joined(t);
    const gate = deferred();
    server.RegisterExtension({ name: "gate", before_send_utf8: () => gate.promise });
    const closed = event(session, "closed");
    session.SendUTF8("first");
    session.Close(UNTELLABLE);
    gate.resolve(true);
    assert.equal((await client.nextOf("UTF8DATA")).payload, "first");
    assert.equal((await client.nextOf("BYE")).reason, "disconnect");
    await closed;
  });

  test("that is longer than a frame may be is cut", async (t) => {
    const { client, session } = await joined(t);
    session.Close("x".repeat(20 * 1024 * 1024));
    assert.equal((await client.nextOf("BYE")).reason, "x".repeat(64 * 1024));
    await client.closed();
  });
});
