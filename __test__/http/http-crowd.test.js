"use strict";

// More connections for `http_server` than the application takes, because its event loop is busy.

const assert = require("node:assert/strict");
const { writeFileSync } = require("node:fs");
const net = require("node:net");
const { test } = require("node:test");
const { setTimeout } = require("node:timers/promises");

const { freePath } = require("../support/folder");
const { GET, gone, text } = require("../support/http-service");
const { spawnApp } = require("../support/process");
const { deferred, event, until, within } = require("../support/wait");

const LIMIT = 20;
const CROWD = 100;

/** Answers requests once a file is there; until then its event loop is busy. */
async function start(t) {
  const released = freePath(t);
  const app = spawnApp(
    t,
    ({ cryo, send, argument: { limit, released } }) => {
      const { existsSync } = require("node:fs");
      const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0, maxPendingHandshakes: limit });
      server.http_server.on("request", (request, response) => response.writeHead(200, { Connection: "close" }).end("served"));
      server.on("listening", () => send(server.http_server.address().port));
      process.on("message", (message) => {
        if (message === "metrics") return send(server.Metrics());
        send("blocked");
        while (!existsSync(released)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      });
    },
    { limit: LIMIT, released },
  );
  const port = await app.next("the port");
  return {
    connect: async () => {
      const socket = net.connect(port, "127.0.0.1");
      await event(socket, "connect");
      return socket;
    },
    block: async () => {
      app.tell("block");
      await app.next("the block");
    },
    release: () => writeFileSync(released, ""),
    handedOver: async () => {
      app.tell("metrics");
      return Number(/outcome="handed_over"\} (\d+)/.exec(await app.next("the metrics"))[1]);
    },
  };
}

/** Asks, and tells the status as soon as an answer is there. */
async function ask(connect, statuses) {
  const socket = await connect();
  socket.write(GET);
  const status = Number((await text(socket)).slice(9, 12));
  statuses.push(status);
  return status;
}

test("connections that the application has not taken yet count as pending, and above the limit get 503", async (t) => {
  const { connect, block, release, handedOver } = await start(t);
  await block();
  const statuses = [];
  const refused = deferred();
  const asked = Array.from({ length: CROWD }, async () => {
    await ask(connect, statuses);
    if (statuses.length === CROWD - LIMIT) refused.resolve();
  });
  await within(refused.promise, "the refusals");
  assert.deepEqual(new Set(statuses), new Set([503]));
  release();
  await Promise.all(asked);
  assert.deepEqual(statuses.slice(CROWD - LIMIT), Array(LIMIT).fill(200));
  assert.equal(await handedOver(), LIMIT);
  assert.equal(await ask(connect, statuses), 200, "it has room again");
});

test("those whose clients are gone count too, as long as they have left the application something", async (t) => {
  const { connect, block, release, handedOver } = await start(t);
  await block();
  for (let n = 0; n < CROWD; n++) {
    const socket = await connect();
    socket.write(GET);
    // Time for it to be read, for most of them: a reset takes with it what is not.
    await setTimeout(10);
    socket.resetAndDestroy();
    await gone(socket);
  }
  const statuses = [];
  assert.equal(await ask(connect, statuses), 503);
  release();
  const count = await handedOver();
  assert.ok(count <= LIMIT, `${count} were handed over`);
  // It may have told that before it takes the connections.
  await until(async () => (await ask(connect, statuses)) === 200, "room for another");
});
