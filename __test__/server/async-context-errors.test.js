"use strict";

// Asynchronous contexts when the application survives an uncaught exception: Node.js forgets then what was being executed.

const assert = require("node:assert/strict");
const { writeFileSync } = require("node:fs");
const { describe, test } = require("node:test");
const { setTimeout } = require("node:timers/promises");

const { Client } = require("../support/client");
const { freePath } = require("../support/folder");
const { spawnApp } = require("../support/process");

/** In ms: enough for the server to read what it was sent, as a rule. Where it is not, a later batch has it. */
const A_MOMENT = 50;

describe("behind an uncaught exception that the application handles", () => {
  for (const how of ["rejection", "microtask", "tick"]) {
    test(`a store that one client's listener enters is not seen by another's, ${how}`, async (t) => {
      const released = freePath(t);
      const app = spawnApp(t, application, released);
      const port = await app.next("the port");
      const clients = await Promise.all([1n, 2n].map((sid) => Client.connect({ port, sid })));
      t.after(() => clients.forEach((client) => client.destroy()));
      const [first, second] = clients;
      // All that follows is delivered in one wake-up, and once more in another.
      first.send("UTF8DATA", { payload: "stand still" });
      await app.next("the block");
      first.write(Buffer.concat([how, "enter"].map((payload) => first.message("UTF8DATA", { payload }))));
      await setTimeout(A_MOMENT);
      second.send("UTF8DATA", { payload: "look" });
      await setTimeout(A_MOMENT);
      writeFileSync(released, "");
      assert.deepEqual(await app.next("what the second sees"), {});
      second.send("UTF8DATA", { payload: "look" });
      assert.deepEqual(await app.next("what the second sees later"), {});
      app.tell("who?");
      assert.deepEqual(await app.next("what others see"), { errors: 1 });
    });
  }
});

function application({ cryo, send, argument }) {
  const { AsyncLocalStorage } = require("node:async_hooks");
  const { existsSync } = require("node:fs");
  const storage = new AsyncLocalStorage();
  const failure = new Error("of the application");
  const actions = {
    "stand still"() {
      send("blocked");
      while (!existsSync(argument)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    },
    rejection: () => void Promise.reject(failure),
    microtask: () =>
      queueMicrotask(() => {
        throw failure;
      }),
    tick: () =>
      process.nextTick(() => {
        throw failure;
      }),
    enter: () => storage.enterWith("the first's"),
    look: () => send({ store: storage.getStore() }),
  };
  let errors = 0;
  process.on("uncaughtException", () => errors++);
  process.on("message", () => send({ errors, store: storage.getStore() }));
  const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0 });
  server.on("listening", () => send(server.http_server.address().port));
  server.on("session", (session) => session.on("message-utf8", (text) => actions[text](session)));
}
