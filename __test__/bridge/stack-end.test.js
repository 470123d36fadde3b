"use strict";

// Sends from a recursion that comes to the end of the stack, wherever in the library that is. The application has its RangeError; nobody else has
// anything of it.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { setImmediate: turn } = require("node:timers/promises");

const { joined } = require("../support/server");

/** Depths around the first at which a send does not fit the stack. */
const DEEPER = 60;
const LESS_DEEP = 5;

/** Calls `task` at a depth; false where that does not fit the stack. */
function fits(depth, task) {
  const dive = (left) => (left === 0 ? task() : dive(left - 1));
  try {
    dive(depth);
    return true;
  } catch (error) {
    assert.ok(error instanceof RangeError, error);
    return false;
  }
}

/** Calls `task` at every depth around the one at which the stack ends within it, and yields between the calls. */
function* atEveryEnd(task) {
  let low = 0;
  let high = 200_000;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle, task)) low = middle;
    else high = middle;
    yield;
  }
  for (let depth = low + DEEPER; depth > low - LESS_DEEP; depth--) yield fits(depth, task);
}

/** The same, each call in a turn of its own. */
async function inTurns(task) {
  const ends = atEveryEnd(task);
  while (!ends.next().done) await turn();
}

for (const method of ["SendUTF8", "SendBinary"]) {
  describe(`${method}() at the end of the stack`, () => {
    test("leaves other sessions' messages as they are", async (t) => {
      const { harness, session } = await joined(t, {}, { acks: true });
      const other = await harness.join();
      const payload = Buffer.from("a secret");
      for (let round = 0; round < 5; round++) {
        // In one turn, so that what goes wrong is in the same batch.
        const ends = atEveryEnd(() => void session[method](method === "SendUTF8" ? "a secret" : payload));
        while (!ends.next().done);
        void other.session.SendUTF8(`message ${round}`);
        assert.equal((await other.client.nextOf("UTF8DATA")).payload, `message ${round}`);
      }
    });

    test("does not keep what is sent later from leaving", async (t) => {
      const { client, session } = await joined(t, {}, { acks: true });
      const payload = Buffer.from("x");
      await inTurns(() => void session[method](method === "SendUTF8" ? "x" : payload));
      await session.SendUTF8("later");
      while ((await client.nextOf("UTF8DATA")).payload !== "later");
    });

    test("does not keep what is sent later from its hooks", async (t) => {
      const { server, client, session } = await joined(t, {}, { acks: true });
      server.RegisterExtension({ name: "looks", before_send_utf8: () => true, before_send_binary: () => true });
      const payload = Buffer.from("x");
      await inTurns(() => void session[method](method === "SendUTF8" ? "x" : payload));
      await session.SendUTF8("later");
      while ((await client.nextOf("UTF8DATA")).payload !== "later");
    });
  });
}
