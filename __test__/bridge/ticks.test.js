"use strict";

// What an application's nextTick callback throws in the middle of a batch is an uncaught exception, as anywhere else. And ticks run there also where
// Node.js calls the way to do so deprecated.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { connect } = require("../support/clients");
const { spawnApp } = require("../support/process");

/** Three requests on a connection each, the first two of which have a tick that throws. */
const app = ({ cryo, send, argument }) => {
  const http = require("node:http");
  if (argument.handled) process.on("uncaughtException", (error) => send(error.message));
  const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
  server.http_server.on("request", ({ url }, response) => {
    if (url !== "/last") {
      process.nextTick(() => {
        throw new Error(`tick of ${url}`);
      });
    }
    response.end();
  });
  server.on("listening", async () => {
    for (const path of ["/first", "/second", "/last"]) {
      await new Promise((resolve) => {
        http.get({ port: server.http_server.address().port, path, agent: false }, (response) => response.resume().on("end", resolve));
      });
    }
    await server.Destroy();
    send("end");
    process.disconnect();
  });
};

test("an application that handles what a tick throws goes on", async (t) => {
  const child = spawnApp(t, app, { handled: true });
  assert.equal(await child.next(), "tick of /first");
  assert.equal(await child.next(), "tick of /second");
  assert.equal(await child.next(), "end");
  assert.equal((await child.exit()).code, 0);
});

test("otherwise, what a tick throws ends the process", async (t) => {
  const child = spawnApp(t, app, { handled: false });
  const { code, stderr } = await child.exit();
  assert.equal(code, 1);
  assert.match(stderr, /Error: tick of \/first/);
});

test("where deprecated functions throw, sessions get their events", async (t) => {
  const app = ({ cryo, send }) => {
    const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
    server.on("listening", () => send(server.http_server.address().port));
    server.on("session", (session) => {
      session.on("message-utf8", (text) => session.SendUTF8(text));
      session.on("closed", async () => {
        await server.Destroy();
        process.disconnect();
      });
    });
  };
  const child = spawnApp(t, app, null, ["--pending-deprecation", "--throw-deprecation"]);
  const client = await connect(t, { port: await child.next("the port") });
  client.send("UTF8DATA", { payload: "to and fro" });
  assert.equal((await client.nextOf("UTF8DATA")).payload.toString(), "to and fro");
  client.destroy();
  const { code, stderr } = await child.exit();
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});
