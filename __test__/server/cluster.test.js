"use strict";

// Several processes on one port: real workers of node:cluster. In a process of their own, because the primary is one, too.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { cryo } = require("../..");
const { connect } = require("../support/clients");
const { spawnApp } = require("../support/process");
const { event } = require("../support/wait");

/** A primary that forks workers, stops and kills them as it is told to. */
const primary = ({ send, argument }) => {
  const cluster = require("node:cluster");
  cluster.setupPrimary({ exec: argument, execArgv: [], args: [] });
  cluster.on("message", (_, message) => send(message));
  cluster.on("exit", ({ id }) => send({ exited: id }));
  process.on("message", ({ fork, kill, stop }) => {
    if (fork) cluster.fork({ WORK: JSON.stringify(fork) });
    if (kill) cluster.workers[kill].process.kill("SIGKILL");
    if (stop) cluster.workers[stop].send("stop");
  });
  process.on("disconnect", () => process.exit());
};

/** A primary; its workers end with it. */
function startPrimary(t) {
  return spawnApp(t, primary, require.resolve("../support/cluster-worker"));
}

/** A port that nobody listens on any more. */
async function freePort() {
  const server = cryo({ validate: () => true }, { port: 0, host: "127.0.0.1" });
  await event(server, "listening");
  const { port } = server.http_server.address();
  await server.Destroy();
  return port;
}

/** The number of the worker that has this client. */
async function workerOf(client) {
  client.send("UTF8DATA", { payload: "who is it?" });
  return Number((await client.nextOf("UTF8DATA")).payload);
}

describe("workers of a cluster", { skip: process.platform !== "linux" }, () => {
  test("share a port, and one that dies loses its own connections only", async (t) => {
    const port = await freePort();
    const app = startPrimary(t);
    for (const id of [1, 2]) {
      app.tell({ fork: { port } });
      assert.deepEqual(await app.next("a worker"), { listening: id, port });
    }
    const clients = new Map();
    // The system decides which worker gets which connection, by its ports.
    for (let sid = 1n; clients.size < 2; sid++) {
      const client = await connect(t, { port, sid, acks: true });
      clients.set(await workerOf(client), client);
    }
    app.tell({ kill: 1 });
    assert.deepEqual(await app.next("the death"), { exited: 1 });
    await clients.get(1).closed();
    assert.equal(await workerOf(clients.get(2)), 2);
    for (let sid = 100n; sid < 110n; sid++) {
      const client = await connect(t, { port, sid, acks: true });
      assert.equal(await workerOf(client), 2);
    }
    app.tell({ fork: { port } });
    assert.deepEqual(await app.next("its successor"), { listening: 3, port });
    app.tell({ stop: 2 });
    assert.deepEqual(await app.next("an orderly end"), { exited: 2 });
  });

  test("keep other servers from their port", async (t) => {
    const port = await freePort();
    const app = startPrimary(t);
    app.tell({ fork: { port } });
    await app.next("a worker");
    const server = cryo({ validate: () => true }, { port, host: "127.0.0.1" });
    t.after(() => server.Destroy());
    assert.equal((await event(server.http_server, "error"))[0].code, "EADDRINUSE");
  });

  test("don't get a port that is in use elsewhere", async (t) => {
    const server = cryo({ validate: () => true }, { port: 0, host: "127.0.0.1" });
    t.after(() => server.Destroy());
    await event(server, "listening");
    const app = startPrimary(t);
    app.tell({ fork: { port: server.http_server.address().port } });
    assert.deepEqual(await app.next("a worker"), { failed: "EADDRINUSE" });
  });

  describe("can't listen on one port twice", () => {
    const ways = {
      "by the same address": { second: {} },
      "by a name and its address": { host: "localhost", second: {} },
      "with another copy of the package": { second: { copy: true } },
      "on all addresses and on one": { host: "::", second: { host: "127.0.0.1" } },
      "on one address and on all": { second: { host: "0.0.0.0" } },
      "by a port that the system has chosen": { port: 0, second: {} },
    };
    for (const [how, work] of Object.entries(ways)) {
      test(how, async (t) => {
        const app = startPrimary(t);
        app.tell({ fork: { port: await freePort(), ...work } });
        assert.equal((await app.next("the first server")).listening, 1);
        assert.deepEqual(await app.next("the second one"), { failed: "EADDRINUSE" });
      });
    }
  });

  test("may listen on one port at two addresses", async (t) => {
    const app = startPrimary(t);
    app.tell({ fork: { port: await freePort(), second: { host: "127.0.0.2" } } });
    const first = await app.next("the first server");
    assert.deepEqual(await app.next("the second one"), first);
  });

  test("may listen on a port again when their server there has ended", async (t) => {
    const port = await freePort();
    const app = startPrimary(t);
    app.tell({ fork: { port, again: true } });
    for (const which of ["the first server", "the second one"]) assert.deepEqual(await app.next(which), { listening: 1, port });
    const client = await connect(t, { port, acks: true });
    assert.equal(await workerOf(client), 1);
    app.tell({ stop: 1 });
    assert.deepEqual(await app.next("an orderly end"), { exited: 1 });
  });

  test("each get a port of their own for port 0", async (t) => {
    const app = startPrimary(t);
    app.tell({ fork: { port: 0 } });
    app.tell({ fork: { port: 0 } });
    const ports = [(await app.next("a worker")).port, (await app.next("another")).port];
    assert.notEqual(ports[0], ports[1]);
  });
});

describe("where the system can't share a port", () => {
  const platform = process.platform === "linux" ? "darwin" : process.platform;

  test("workers have servers on ports of their own", async (t) => {
    const app = startPrimary(t);
    for (const [id, port] of [[1, await freePort()], [2, await freePort()]]) {
      app.tell({ fork: { port, platform } });
      assert.deepEqual(await app.next("a worker"), { listening: id, port });
      assert.equal(await workerOf(await connect(t, { port, acks: true })), id);
    }
    app.tell({ fork: { port: 0, platform } });
    assert.equal((await app.next("one with any port")).listening, 3);
  });

  test("a second worker on a port is told what to do", async (t) => {
    const port = await freePort();
    const app = startPrimary(t);
    app.tell({ fork: { port, platform } });
    assert.deepEqual(await app.next("a worker"), { listening: 1, port });
    app.tell({ fork: { port, platform } });
    const { failed, message, cause } = await app.next("the error");
    assert.deepEqual([failed, cause], ["ERR_CRYO_CLUSTER_UNSUPPORTED", "EADDRINUSE"]);
    assert.match(message, new RegExp(`127\\.0\\.0\\.1:${port}\\. On ${platform} .* can't share a port.* load balancer`));
  });
});
