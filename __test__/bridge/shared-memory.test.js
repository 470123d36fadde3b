"use strict";

// What an application sends from memory that its threads share.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { joined } = require("../support/server");
const { within } = require("../support/wait");

for (const length of [100, 20_000]) {
  test(`${length} bytes of shared memory are sent as they were at the call`, async (t) => {
    const { client, session } = await joined(t, {}, { acks: true });
    const bytes = new Uint8Array(new SharedArrayBuffer(length)).fill(1);
    const sent = session.SendBinary(bytes);
    bytes.fill(2);
    assert.ok(Buffer.alloc(length, 1).equals((await client.nextOf("BINARYDATA")).payload));
    await within(sent, "its ACK");
  });
}
