"use strict";

// What tests do with both ends of a session at once: the client, and what the application has.

const assert = require("node:assert/strict");

const { event } = require("./wait");

/** @typedef {{ client: import("./client").Client, session: any }} Pair */

/**
 * Resolves when the application has heard of all that a client has sent so far: it hears of one more text, which comes behind that.
 *
 * @param {Pair} pair
 */
async function caughtUp({ client, session }) {
  const message = event(session, "message-utf8");
  client.send("UTF8DATA", { payload: "all there" });
  assert.deepEqual(await message, ["all there"]);
}

/**
 * Asserts that messages arrive, in order, and are acknowledged.
 *
 * @param {Pair} pair Its client has taken all earlier ACKs.
 */
async function assertServed({ client, session }) {
  for (const payload of ["one", "two"]) {
    const message = event(session, "message-binary");
    const ack = client.send("BINARYDATA", { payload });
    assert.deepEqual(await message, [Buffer.from(payload)]);
    assert.equal((await client.nextOf("ACK")).ack, ack);
  }
}

module.exports = { assertServed, caughtUp };
