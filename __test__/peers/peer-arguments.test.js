"use strict";

// What ConnectPeer takes, and how it refuses the rest.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { inspect } = require("node:util");

const { Harness } = require("../support/server");

describe("arguments of ConnectPeer", () => {
  const BAD = [undefined, null, 80, "", "a b", "ws://", "ftp://127.0.0.1", "ws://127.0.0.1:99999", "ws://user:pass@127.0.0.1"];
  for (const host of BAD) {
    test(`host ${JSON.stringify(host)}`, async (t) => {
      const { server } = await Harness.start(t);
      await assert.rejects(server.ConnectPeer(host, "tok"), { name: "TypeError", code: "ERR_CRYO_INVALID_ARGUMENT" });
    });
  }

  test("a bearer that is not a string", async (t) => {
    const { server } = await Harness.start(t);
    await assert.rejects(server.ConnectPeer("ws://127.0.0.1:1"), { name: "TypeError", code: "ERR_CRYO_INVALID_ARGUMENT" });
  });

  for (const [host, shown] of [
    ["wss://user:s3cr3t@example.com", "not 'wss://...@example.com'"],
    ["user:s3cr3t@example.com:80", "not '...@example.com:80'"],
    [" wss://s3cr3t@example.com", "not '...@example.com'"],
    ["wss://exa mple.com/?authorization=Bearer%20s3cr3t", "not 'wss://exa mple.com/?...'"],
    ["ftp://example.com/chat#s3cr3t", "not 'ftp://example.com/chat#...'"],
    ["ftp://s3cr3t@example.com?s3cr3t", "not 'ftp://...@example.com?...'"],
    // Either of a user or of a query.
    ["wss://user:s3cr3t?s3cr3t@example.com", "not 'wss://...'"],
    ["wss://exa mple.com?s3cr3t=@s3cr3t", "not 'wss://...'"],
    [{ host: "s3cr3t" }, "not a value of type object"],
    [new URL("wss://example.com/?s3cr3t"), "not a value of type object"],
    [80, "not a value of type number"],
    [null, "not null"],
  ]) {
    test(`the host ${inspect(host)} is refused without showing a secret`, async (t) => {
      const { server } = await Harness.start(t);
      const { message } = await server.ConnectPeer(host, "tok").catch((error) => error);
      assert.equal(message, `ConnectPeer's host takes a URL such as ws://127.0.0.1:8080 or wss://example.com, or host:port, ${shown}.`);
    });
  }

  for (const [bearer, shown] of [
    [["s3cr3t"], "not a value of type object"],
    [Buffer.from("s3cr3t"), "not a value of type object"],
    [5328, "not a value of type number"],
    [undefined, "not undefined"],
  ]) {
    test(`the bearer ${inspect(bearer)} is refused without showing it`, async (t) => {
      const { server } = await Harness.start(t);
      const { message } = await server.ConnectPeer("ws://127.0.0.1:1", bearer).catch((error) => error);
      assert.equal(message, `ConnectPeer's bearer takes a string, ${shown}.`);
    });
  }

  for (const [spelling, url] of [
    ["host:port", (port) => `127.0.0.1:${port}`],
    ["ws:", (port) => `WS://127.0.0.1:${port}`],
    ["http:", (port) => `http://127.0.0.1:${port}`],
    ["a path and a query", (port) => `ws://127.0.0.1:${port}/some/path?a=1`],
    ["a name", (port) => `ws://localhost:${port}`],
  ]) {
    test(`${spelling} is accepted`, async (t) => {
      const [here, there] = await Promise.all([Harness.start(t), Harness.start(t)]);
      const peer = await here.server.ConnectPeer(url(there.port), "tok");
      assert.equal(peer.Get("__TYPE"), "peer");
    });
  }

  test("any token arrives unchanged", async (t) => {
    const tokens = [];
    const there = await Harness.start(t, {}, { validate: (token) => tokens.push(token) > 0 });
    const here = await Harness.start(t);
    for (const token of ["", "a b+c&d=e#f?%20", "zwölf\r\nHost: evil"]) {
      await here.server.ConnectPeer(`ws://127.0.0.1:${there.port}/?own=1`, token);
      assert.equal(tokens.pop(), token);
    }
  });
});
