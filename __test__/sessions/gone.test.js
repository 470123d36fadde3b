"use strict";

// A client that has left without a word: what came before is delivered, whoever notices first.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const certificate = require("../support/certs");
const { joined } = require("../support/server");
const { deferred, event, until } = require("../support/wait");

const MESSAGES = 2000;

// Elsewhere the system itself forgets what it has received, once the connection is reset.
const skip = process.platform !== "linux";

for (const [transport, options] of [["plain", {}], ["TLS", { ssl: certificate }]]) {
  test(`what it sent is delivered although writing to it has failed, ${transport}`, { skip }, async (t) => {
    const { client, session, harness } = await joined(t, { maxUnreadBytes: 1024, ...options }, { tls: "ssl" in options });
    const gate = deferred();
    harness.server.RegisterExtension({ name: "gate", on_receive_utf8: () => gate.promise });
    const seen = [];
    session.on("message-utf8", (text) => seen.push(Number(text)));
    const messages = Array.from({ length: MESSAGES }, (_, at) => client.message("UTF8DATA", { payload: String(at) }));
    const { rx } = session;
    await new Promise((resolve) => client.socket.write(Buffer.concat(messages), resolve));
    await until(() => session.rx > rx, "the first of it");
    const closed = event(session, "closed");
    client.reset();
    await client.closed();
    for (let pings = 0; pings < 3; pings++) {
      await session.SendPing();
      await new Promise(setImmediate);
    }
    gate.resolve(true);
    await closed;
    assert.deepEqual(seen, Array.from({ length: MESSAGES }, (_, at) => at));
  });
}
