"use strict";

// What is sent in one turn of the event loop: it arrives at each session as it was sent, and does not wait for the end of the turn.

const assert = require("node:assert/strict");
const { writeFileSync } = require("node:fs");
const path = require("node:path");
const { describe, test } = require("node:test");

const { join } = require("../support/clients");
const { temporaryFolder } = require("../support/folder");
const { spawnApp } = require("../support/process");
const { joined } = require("../support/server");
const { within } = require("../support/wait");

describe("what is sent in one turn of the event loop", () => {
  test("reaches each of many sessions whole and in order", async (t) => {
    const { harness, ...first } = await joined(t, {}, { acks: true });
    const pairs = [first];
    while (pairs.length < 20) pairs.push(await harness.join({ acks: true }));
    const nth = (n, { sid }) => (n % 500 === 0 ? Buffer.alloc(20_000, `${n} to ${sid} `) : Buffer.from(`${n} to ${sid}`));
    const sent = [];
    for (let n = 0; n < 1000; n++) {
      for (const { client, session } of pairs) sent.push(session.SendBinary(nth(n, client)));
    }
    for (const { client } of pairs) {
      for (let n = 0; n < 1000; n++) {
        const { payload } = await client.nextOf("BINARYDATA");
        assert.ok(payload.equals(nth(n, client)), `message ${n} to ${client.sid}`);
      }
    }
    await within(Promise.all(sent), "the ACKs");
  });

  test("leaves before the turn ends", async (t) => {
    const seen = path.join(temporaryFolder(t), "seen");
    const app = spawnApp(
      t,
      ({ cryo, send, argument }) => {
        const { existsSync } = require("node:fs");
        const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
        server.on("listening", () => send(server.http_server.address().port));
        server.on("session", (session) => {
          session.on("message-utf8", () => {
            const end = performance.now() + 5000;
            for (let n = 0; performance.now() < end && !existsSync(argument); n++) session.SendUTF8(String(n));
            send(existsSync(argument));
          });
        });
      },
      seen,
    );
    const client = await join(t, { port: await app.next("the port"), acks: true });
    client.send("UTF8DATA", { payload: "go" });
    assert.equal((await client.nextOf("UTF8DATA")).payload, "0");
    writeFileSync(seen, "");
    assert.equal(await app.next("the end of the turn"), true, "the turn ended before its first message had come");
  });
});
