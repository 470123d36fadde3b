"use strict";

// What applications throw and reject with is reported, whatever it is and wherever it comes from, and nothing else: not even what reports
// it, when it fails itself, ends the process or keeps it from its other work.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { Client } = require("../support/client");
const { connect } = require("../support/clients");
const { target } = require("../support/http");
const { spawnApp } = require("../support/process");

/** An application whose sessions fail in a way of their own, which tells its warnings and answers what is binary. */
function application({ cryo, send, argument: { what, where, listens } }) {
  const made = {
    "an error whose message is no string": () => Object.assign(new Error("no string"), { message: { code: 7 } }),
    "an error whose message throws": () =>
      Object.defineProperty(new Error("throws"), "message", {
        get() {
          throw new Error("message");
        },
      }),
    "what can't be inspected": () => ({
      [Symbol.for("nodejs.util.inspect.custom")]() {
        throw new Error("inspect");
      },
    }),
    "a revoked proxy": () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
    nothing: () => undefined,
  }[what];
  process.on("warning", ({ code }) => send(code));
  const failing = {
    "a listener": (server, session) =>
      session.on("message-utf8", () => {
        throw made();
      }),
    "an async listener": (server, session) => session.on("message-utf8", () => Promise.reject(made())),
    "a hook": (server) => server.RegisterExtension({ name: "failing", on_receive_utf8: () => Promise.reject(made()) }),
  }[where];
  const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
  if (listens === "throws") {
    server.on("error", () => {
      throw made();
    });
  } else if (listens === "rejects") {
    server.on("error", () => Promise.reject(made()));
  }
  server.on("listening", () => send(server.http_server.address().port));
  server.once("session", (session) => {
    failing(server, session);
    session.on("message-binary", (data) => setTimeout(() => session.SendBinary(data), 1));
  });
}

for (const where of ["a listener", "an async listener", "a hook"]) {
  describe(`what ${where} fails with`, () => {
    for (const what of ["an error whose message is no string", "an error whose message throws", "what can't be inspected", "a revoked proxy", "nothing"]) {
      for (const listens of ["is not there", "throws", "rejects"]) {
        test(`may be ${what}, where the listener of 'error' ${listens}`, async (t) => {
          const app = spawnApp(t, application, { what, where, listens });
          const client = await connect(t, { port: await app.next("the port") });
          client.send("UTF8DATA", { payload: "fail" });
          assert.equal(await app.next("the warning"), "CRYO_APPLICATION_ERROR");
          // Behind a timer: the event loop is not kept from its other work.
          client.send("BINARYDATA", { payload: "still here" });
          assert.equal((await client.nextOf("BINARYDATA")).payload.toString(), "still here");
        });
      }
    }
  });
}

test("who only watches errors, by errorMonitor, is told of them, too", async (t) => {
  const app = spawnApp(t, ({ cryo, send }) => {
    const { errorMonitor } = require("node:events");
    process.on("warning", ({ code }) => send(code));
    const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
    server.on(errorMonitor, (error, session, where) => {
      send([error.message, session.constructor.name, where]);
      throw new Error("watching failed");
    });
    server.on("listening", () => send(server.http_server.address().port));
    server.on("session", (session) => {
      session.on("message-utf8", () => {
        throw new Error("failed");
      });
    });
  });
  const client = await connect(t, { port: await app.next("the port") });
  client.send("UTF8DATA", { payload: "fail" });
  assert.deepEqual(await app.next("what was watched"), ["failed", "CryoServerWebsocketSession", "listener of 'message-utf8'"]);
  assert.equal(await app.next("the warning of what watched"), "CRYO_APPLICATION_ERROR");
  assert.equal(await app.next("the warning"), "CRYO_APPLICATION_ERROR");
});

test("a revoked proxy may also come from a validator, and from on_unregister", async (t) => {
  const app = spawnApp(t, async ({ cryo, send }) => {
    const fail = () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      throw proxy;
    };
    process.on("warning", ({ message }) => send(message.split(".")[0]));
    const server = cryo({ validate: async () => fail() }, { host: "127.0.0.1", port: 0 });
    server.RegisterExtension({ name: "failing", on_unregister: fail });
    server.on("listening", () => send(server.http_server.address().port));
    process.on("message", () => server.Destroy().then(() => process.disconnect()));
  });
  const client = await Client.open({ port: await app.next("the port") });
  t.after(() => client.destroy());
  assert.equal((await client.request(target(1n))).status, 503);
  assert.match(await app.next("the validator's warning"), /^validator failed: /);
  app.tell("end");
  assert.match(await app.next("the extension's warning"), /^on_unregister of extension 'failing' failed: /);
  assert.equal((await app.exit()).code, 0);
});
