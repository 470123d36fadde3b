"use strict";

// Runtimes other than Node.js, which load addons made for it: what of it they only pretend to be is not used.

const assert = require("node:assert/strict");
const { describe, it } = require("node:test");

const { isNode } = require("../../lib/bridge/runtime.js");
const { join } = require("../support/clients");
const { spawnApp } = require("../support/process");

describe("the runtime", () => {
  const { release, versions } = process;

  it("is Node.js here", () => {
    assert.equal(isNode(), true);
  });

  for (const other of ["bun", "deno"]) {
    it(`is ${other} although that also calls itself node`, () => {
      assert.equal(isNode({ release, versions: { ...versions, [other]: "1.0.0" } }), false);
    });
  }

  it("is another without node's name", () => {
    assert.equal(isNode({ release: { name: "other" }, versions }), false);
    assert.equal(isNode({ versions }), false);
  });
});

it("no session is lent to an event loop that is not libuv's", async (t) => {
  const app = spawnApp(t, ({ cryo, send }) => {
    Object.defineProperty(process, "versions", { value: { ...process.versions, bun: "1.0.0" } });
    const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
    server.on("listening", () => send(server.http_server.address().port));
    server.on("session", (session) => {
      session.on("message-utf8", () => session.SendUTF8(/^cryo_sessions_lent (\d+)$/m.exec(server.Metrics())[1]));
    });
  });
  const client = await join(t, { port: await app.next("the port"), acks: true });
  for (let n = 0; n < 50; n++) {
    client.send("UTF8DATA", { payload: "how many are lent?" });
    assert.equal((await client.nextOf("UTF8DATA")).payload, "0");
  }
});
