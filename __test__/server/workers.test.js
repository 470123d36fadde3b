"use strict";

// Servers in worker threads, and ends that come in the middle of traffic: whatever ends, its ports and threads are free again.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { describe, test } = require("node:test");
const { Worker } = require("node:worker_threads");

const { Client } = require("../support/client");
const { connect } = require("../support/clients");
const { PACKAGE, spawnApp } = require("../support/process");
const { event, within } = require("../support/wait");

const ECHO = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { cryo } = require(${JSON.stringify(PACKAGE)});
  const server = cryo({ validate: async () => true }, { port: workerData ?? 0, host: "127.0.0.1" });
  server.on("session", (session) => session.on("message-utf8", (text) => session.SendUTF8(text)));
  server.http_server.on("error", (error) => parentPort.postMessage({ error: error.code }));
  server.on("listening", () => parentPort.postMessage({ port: server.http_server.address().port }));
  parentPort.on("message", async () => {
    await server.Destroy();
    parentPort.close();
  });
`;

/** A worker thread with an echo server. @returns {Promise<{ worker: Worker, port: number }>} */
async function startWorker(t, port) {
  const worker = new Worker(ECHO, { eval: true, workerData: port });
  t.after(() => worker.terminate());
  const [{ port: actual, error }] = await event(worker, "message");
  assert.equal(error, undefined);
  return { worker, port: actual };
}

/** Clients that never stop sending. @returns {Promise<Client[]>} Once each has had an answer. */
async function traffic(t, port, count = 4) {
  const clients = await Promise.all(Array.from({ length: count }, (_, i) => connect(t, { port, sid: BigInt(i + 1) })));
  for (const client of clients) {
    const burst = Buffer.concat(Array.from({ length: 50 }, () => client.message("UTF8DATA", { payload: "x".repeat(500) })));
    const send = () => {
      if (!client.socket.writable) return;
      client.socket.write(burst, () => setImmediate(send));
    };
    send();
  }
  await Promise.all(clients.map((client) => client.nextOf("UTF8DATA")));
  return clients;
}

/** How many threads of the addon this process has. */
function ioThreads() {
  const folder = "/proc/self/task";
  return fs.readdirSync(folder).filter((id) => {
    try {
      return fs.readFileSync(path.join(folder, id, "comm"), "utf8").trim() === "cryo-io";
    } catch {
      return false; // It has just ended.
    }
  }).length;
}

describe("a worker thread", () => {
  test("runs a server of its own beside those of other threads", async (t) => {
    const workers = await Promise.all([startWorker(t), startWorker(t)]);
    for (const { worker, port } of workers) {
      const client = await connect(t, { port });
      client.send("UTF8DATA", { payload: "hello" });
      assert.equal((await client.nextOf("UTF8DATA")).payload, "hello");
      const exited = event(worker, "exit");
      worker.postMessage("stop");
      assert.deepEqual(await exited, [0], "it ends by itself after Destroy()");
    }
  });

  test("frees port and thread when it is terminated under load, again and again", async (t) => {
    const { worker: first, port } = await startWorker(t);
    await first.terminate();
    for (let round = 0; round < 20; round++) {
      const { worker } = await startWorker(t, port);
      const clients = await traffic(t, port);
      await within(worker.terminate(), "terminate()");
      await Promise.all(clients.map((client) => client.closed()));
      clients.forEach((client) => client.destroy());
    }
    if (process.platform === "linux") assert.equal(ioThreads(), 0);
  });

  test("can be terminated while its event loop is blocked", async (t) => {
    const code = `${ECHO} server.on("session", () => { for (;;); });`;
    const worker = new Worker(code, { eval: true });
    const [{ port }] = await event(worker, "message");
    const client = await Client.open({ port });
    t.after(() => client.destroy());
    await client.request("/?authorization=Bearer%20tok&x-cryo-sid=1");
    await within(worker.terminate(), "terminate()");
    await client.closed();
  });

  test("can be terminated while the validator runs", async (t) => {
    const code = ECHO.replace("async () => true", "() => new Promise(() => parentPort.postMessage('asked'))");
    const worker = new Worker(code, { eval: true });
    const [{ port }] = await event(worker, "message");
    const asked = event(worker, "message");
    const client = await Client.open({ port });
    t.after(() => client.destroy());
    client.write("GET /?authorization=Bearer%20tok&x-cryo-sid=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
    client.write("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    await asked;
    await within(worker.terminate(), "terminate()");
    await client.closed();
  });
});

describe("a process under load", () => {
  const start = ({ cryo, send }) => {
    const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
    server.on("session", (session) => session.on("message-utf8", (text) => session.SendUTF8(text)));
    server.on("listening", () => send(server.http_server.address().port));
    process.on("message", (order) => {
      if (order === "exit") process.exit(7);
      server.Destroy().then(() => process.disconnect());
    });
  };

  for (const [order, expected] of [["exit", 7], ["destroy", 0]]) {
    test(`ends quietly at ${order === "exit" ? "process.exit()" : "the end of Destroy()"}`, async (t) => {
      const app = spawnApp(t, start);
      const clients = await traffic(t, await app.next("the port"));
      app.tell(order);
      const { code, signal, stderr } = await app.exit();
      assert.deepEqual({ code, signal, stderr }, { code: expected, signal: null, stderr: "" });
      await Promise.all(clients.map((client) => client.closed()));
    });
  }

  test("ends at SIGTERM", { skip: process.platform === "win32" }, async (t) => {
    const app = spawnApp(t, ({ cryo, send }) => {
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
      server.on("session", (session) => session.on("message-utf8", (text) => session.SendUTF8(text)));
      server.on("listening", () => send({ port: server.http_server.address().port, pid: process.pid }));
    });
    const { port, pid } = await app.next("the port");
    await traffic(t, port);
    process.kill(pid, "SIGTERM");
    const { code, signal, stderr } = await app.exit();
    assert.deepEqual({ code, signal, stderr }, { code: null, signal: "SIGTERM", stderr: "" });
  });
});
