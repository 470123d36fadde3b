"use strict";

// Sessions whose sockets the event loop reads itself, in processes and threads of their own: with one CPU, with an event loop that is blocked, and
// at the end of whatever has them.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { setTimeout } = require("node:timers/promises");
const { Worker } = require("node:worker_threads");

const { join } = require("../support/clients");
const { ask, lentIn, noLending } = require("../support/lending");
const { PACKAGE, spawnApp } = require("../support/process");
const { event, within } = require("../support/wait");

describe("a session that keeps asking", { skip: noLending }, () => {
  test("is lent beside many others, in a process with one CPU", async (t) => {
    const COUNT = 40;
    const app = spawnApp(t, async ({ cryo, send }) => {
      const { spawnSync } = require("node:child_process");
      const { readFileSync } = require("node:fs");
      const [, cpu] = /^Cpus_allowed_list:\t(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"));
      const { status } = spawnSync("taskset", ["-c", "-p", cpu, String(process.pid)]);
      if (status !== 0) return send(null);
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("session", (session) => {
        session.on("message-utf8", (text) => session.SendUTF8(text));
        session.on("message-error", (text) => {
          send(server.Metrics());
          // What comes meanwhile makes one batch.
          if (text === "wait") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        });
      });
    });
    const port = await app.next("the port");
    if (port === null) return t.skip("needs taskset");
    const clients = [];
    for (let n = 0; n < COUNT; n++) clients.push(await join(t, { port, sid: BigInt(n + 1), acks: true }));
    const lentAt = async (payload) => {
      clients[0].send("ERROR", { payload });
      return lentIn(await app.next("metrics"));
    };
    // By threes, so few rounds would bring it to 24 at most. Not all of them are lent at any one moment where a host stalls.
    const ROUNDS = 8;
    const asking = async () => {
      for (;;) {
        let most = 0;
        for (let round = 0; round < ROUNDS; round++) {
          const lent = lentAt("wait");
          for (const client of clients) client.send("UTF8DATA", { payload: "question" });
          for (const client of clients) assert.equal((await client.nextOf("UTF8DATA")).payload, "question");
          most = Math.max(most, await lent);
        }
        if (most > 3 * ROUNDS) return;
        while ((await lentAt("now")) > 0) await setTimeout(350);
      }
    };
    await within(asking(), "most of them to be lent");
  });

  test("is answered by the I/O thread when the event loop is blocked", async (t) => {
    const app = spawnApp(t, ({ cryo, send }) => {
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("session", (session) => {
        session.on("message-utf8", (text) => session.SendUTF8(text));
        session.on("message-error", (text) => {
          if (text === "metrics") return send(server.Metrics());
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
          send("over");
        });
      });
    });
    const client = await join(t, { port: await app.next("the port"), acks: true });
    const isLent = async () => {
      client.send("ERROR", { payload: "metrics" });
      return lentIn(await app.next("metrics")) === 1;
    };
    await ask([client], isLent, "it to be lent");
    const start = performance.now();
    client.send("ERROR", { payload: "block" });
    for (let n = 0; n < 10; n++) {
      const ack = client.send("UTF8DATA", { payload: "while it is blocked" });
      client.send("PING_PONG", { ack: 7000 + n, payload: "ping" });
      const answers = new Set([`ACK ${ack}`, `PING_PONG ${7000 + n}`]);
      while (answers.size > 0) {
        const frame = await client.next();
        answers.delete(`${frame.name} ${frame.ack}`);
      }
    }
    const elapsed = performance.now() - start;
    assert.ok(elapsed < 1500, `20 answers took ${elapsed} ms, while the event loop stood still for 3000 ms`);
    assert.equal(await app.next("the end of the block"), "over");
    for (let n = 0; n < 10; n++) assert.equal((await client.nextOf("UTF8DATA")).payload, "while it is blocked");
  });

  test("survives what a nextTick callback throws, if the application does", async (t) => {
    const app = spawnApp(t, ({ cryo, send }) => {
      process.on("uncaughtException", (error) => send(error.message));
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("session", (session) => {
        let count = 0;
        session.on("message-utf8", (text) => {
          if (++count % 50 === 0) {
            process.nextTick(() => {
              throw new Error(server.Metrics());
            });
          }
          session.SendUTF8(text);
        });
      });
    });
    const client = await join(t, { port: await app.next("the port"), acks: true });
    let lent = 0;
    const watch = (async () => {
      while (lent === 0) lent = lentIn(await app.next("an uncaught exception"));
    })();
    await ask([client], () => lent === 1, "one to be thrown while it is lent");
    await watch;
  });

  const ECHO = `
    const { parentPort } = require("node:worker_threads");
    const { cryo } = require(${JSON.stringify(PACKAGE)});
    const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0, host: "127.0.0.1" });
    server.on("session", (session) => session.on("message-utf8", (text) => session.SendUTF8(text)));
    server.on("listening", () => parentPort.postMessage(server.http_server.address().port));
    parentPort.on("message", () => parentPort.postMessage(server.Metrics()));
  `;

  test("may be lent when its worker is terminated", async (t) => {
    const worker = new Worker(ECHO, { eval: true });
    t.after(() => worker.terminate());
    const [port] = await event(worker, "message");
    const client = await join(t, { port, acks: true });
    const isLent = async () => {
      const metrics = event(worker, "message");
      worker.postMessage("metrics");
      return lentIn((await metrics)[0]) === 1;
    };
    await ask([client], isLent, "it to be lent");
    client.send("UTF8DATA", { payload: "last words" });
    assert.equal(await within(worker.terminate(), "its end"), 1);
    await client.closed();
  });

  for (const [how, code, end] of [
    ["process.exit()", 7, () => process.exit(7)],
    ["Destroy(), after which nothing keeps the process alive", 0, (server) => server.Destroy()],
  ]) {
    test(`may be lent at ${how}`, async (t) => {
      const app = spawnApp(
        t,
        ({ cryo, send, argument }) => {
          const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
          const end = eval(argument);
          server.on("listening", () => send(server.http_server.address().port));
          server.on("session", (session) => {
            session.on("message-utf8", (text) => {
              if (server.Metrics().includes("\ncryo_sessions_lent 1\n")) end(server);
              session.SendUTF8(text);
            });
          });
          process.on("message", () => {});
          process.channel.unref();
        },
        `(${end})`,
      );
      const client = await join(t, { port: await app.next("the port"), acks: true });
      await assert.rejects(ask([client], () => false, "the end"), /closed with|connection is gone/);
      assert.equal((await app.exit()).code, code);
    });
  }
});
