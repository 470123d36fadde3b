"use strict";

// The asynchronous context of what nobody else has given one: that of the call of cryo(), on all versions of Node.js and however the event loop is
// woken. Node's own servers have it so for connections and requests.

const assert = require("node:assert/strict");
const http = require("node:http");
const { describe, test } = require("node:test");

const { join } = require("../support/clients");
const { text } = require("../support/http-service");
const { spawnApp } = require("../support/process");
const { event } = require("../support/wait");

describe("events come in the context of the call of cryo()", () => {
  // Others than Node.js are woken by a threadsafe function, and so is Node.js on other systems than Linux.
  for (const runtime of ["node", "another"]) {
    test(`where the runtime is ${runtime}`, async (t) => {
      const app = spawnApp(t, application, runtime);
      const port = await app.next("the port");
      const client = await join(t, { port });
      client.send("UTF8DATA", { payload: "text" });
      await app.next("the text");
      const [response] = await event(http.get({ host: "127.0.0.1", port, agent: false }), "response");
      await text(response);
      client.close();
      await app.next("the session's end");
      app.tell("end");
      const seen = await app.next("what was seen");
      const names = ["validator", "session", "connected", "message-utf8", "connection", "request", "closed", "on_unregister", "close"];
      assert.deepEqual(seen, names.map((name) => [name, "of cryo()"]));
    });
  }
});

function application({ cryo, send, argument }) {
  const { AsyncLocalStorage } = require("node:async_hooks");
  const storage = new AsyncLocalStorage();
  const seen = [];
  const look = (name) => () => void seen.push([name, storage.getStore()]);
  if (argument === "another") Object.defineProperty(process, "versions", { value: { ...process.versions, bun: "1.0.0" } });
  const validate = async () => {
    look("validator")();
    return true;
  };
  const server = storage.run("of cryo()", () => cryo({ validate }, { host: "127.0.0.1", port: 0 }));
  server.on("listening", () => send(server.http_server.address().port));
  server.on("session", (session) => {
    look("session")();
    for (const name of ["connected", "message-utf8", "closed"]) session.on(name, look(name));
    session.on("message-utf8", send);
    session.on("closed", () => {
      // Of this client alone, although its event is the last one before the server's own.
      storage.enterWith("of a listener");
      send("closed");
    });
  });
  server.RegisterExtension({ name: "last", on_unregister: look("on_unregister") });
  for (const name of ["connection", "close"]) server.http_server.on(name, look(name));
  server.http_server.on("request", (_, response) => {
    look("request")();
    response.end("done");
  });
  process.on("message", () => {
    server.http_server.on("close", () => {
      send(seen);
      process.disconnect();
    });
    void server.Destroy();
  });
}
