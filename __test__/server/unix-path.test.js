"use strict";

// `path`: a Unix domain socket in the place of a port, which behaves as one of Node's own servers does.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const { describe, test } = require("node:test");

const { cryo } = require("../..");
const { connect } = require("../support/clients");
const { freePath } = require("../support/folder");
const { spawnApp } = require("../support/process");
const { Harness } = require("../support/server");
const { event } = require("../support/wait");

describe("path", { skip: process.platform === "win32" }, () => {
  test("is where the server listens, and its address", async (t) => {
    const file = freePath(t);
    const harness = await Harness.start(t, { port: undefined, path: file });
    assert.equal(harness.server.http_server.address(), file);
    const session = harness.session(1n);
    const client = await connect(t, { path: file });
    const { remoteAddress, remotePort } = (await session).request;
    assert.deepEqual([remoteAddress, remotePort], [undefined, undefined]);
    const message = event(await session, "message-utf8");
    client.send("UTF8DATA", { payload: "hello" });
    assert.deepEqual(await message, ["hello"]);
  });

  test("is removed by Destroy()", async (t) => {
    const file = freePath(t);
    const harness = await Harness.start(t, { port: undefined, path: file });
    assert.ok(fs.existsSync(file));
    await harness.stop();
    assert.ok(!fs.existsSync(file));
  });

  for (const [title, prepare] of Object.entries({
    "another server listens at": async (t, file) => {
      const holder = net.createServer().listen(file);
      await event(holder, "listening");
      t.after(() => holder.close());
    },
    "a process that was killed has left behind": async (t, file) => {
      const app = spawnApp(
        t,
        ({ argument, send }) => {
          require("node:net").createServer().listen(argument, () => send(process.pid));
        },
        file,
      );
      process.kill(await app.next("the listener"), "SIGKILL");
      await app.exit();
    },
    "a file is at": async (t, file) => fs.writeFileSync(file, "precious"),
  })) {
    test(`that ${title} is in use, as for Node's own servers`, async (t) => {
      const file = freePath(t);
      await prepare(t, file);
      const node = net.createServer().listen(file);
      const [expected] = await event(node, "error");
      const server = cryo({ validate: () => true }, { path: file });
      t.after(() => server.Destroy());
      const [error] = await event(server.http_server, "error");
      assert.equal(error.message, expected.message);
      assert.deepEqual(
        [error.code, error.errno, error.syscall, error.address, error.port],
        [expected.code, expected.errno, expected.syscall, expected.address, expected.port],
      );
      assert.ok(fs.existsSync(file), "what is not ours is not removed");
    });
  }

  for (const [title, spoil, code] of [
    ["in a folder that does not exist", (file) => path.join(file, "socket"), "ENOENT"],
    ["below a file", (file) => (fs.writeFileSync(file, ""), path.join(file, "socket")), "ENOTDIR"],
    ["that is too long", (file) => file.padEnd(200, "x"), "EINVAL"],
  ]) {
    test(`${title} is an error: ${code}`, async (t) => {
      const server = cryo({ validate: () => true }, { path: spoil(freePath(t)) });
      t.after(() => server.Destroy());
      const [error] = await event(server.http_server, "error");
      assert.equal(error.code, code);
    });
  }
});
