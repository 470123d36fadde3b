"use strict";

// Sessions whose sockets the event loop reads itself, because they ask one thing after the other while little else goes on: nothing about them
// may be different, and the socket is given back whenever there is more to do than to read it.

const assert = require("node:assert/strict");
const { createHook } = require("node:async_hooks");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { describe, test } = require("node:test");
const { setTimeout } = require("node:timers/promises");
const { Worker } = require("node:worker_threads");

const certificate = require("../support/certs");
const { Client } = require("../support/client");
const { spawnApp } = require("../support/process");
const { Harness } = require("../support/server");
const { event, within } = require("../support/wait");

const PACKAGE = path.join(__dirname, "..", "..");
const LENT = /^cryo_sessions_lent (\d+)$/m;

/** A WebSocket ping without a payload, masked. */
const PING = Buffer.from([0x89, 0x80, 1, 2, 3, 4]);

/** How many sessions are lent. */
const lent = (server) => Number(LENT.exec(server.Metrics())[1]);

/** Asks one thing after the other until `done()`, for which `what` is waited. */
async function ask(clients, done, what) {
  const asking = async () => {
    for (let n = 0; !(await done()); n++) {
      for (const client of clients) {
        client.send("UTF8DATA", { payload: `question ${n}` });
        assert.equal((await client.nextOf("UTF8DATA")).payload, `question ${n}`);
      }
    }
  };
  await within(asking(), what);
}

/** Has `count` sessions of an echo server lent. */
async function lentOnes(t, count = 1, options = {}, clientOptions = {}) {
  const harness = await Harness.start(t, options);
  const { server } = harness;
  server.on("session", (session) => session.on("message-utf8", (text) => void session.SendUTF8(text)));
  const pairs = [];
  for (let n = 0; n < count; n++) pairs.push(await harness.join({ acks: true, ...clientOptions }));
  const clients = pairs.map(({ client }) => client);
  await ask(clients, () => lent(server) === count, `${count} to be lent`);
  return { harness, server, clients, ...pairs[0] };
}

/** Waits until none is lent. */
const returned = (server) =>
  within(
    (async () => {
      while (lent(server) > 0) await new Promise((resolve) => setImmediate(resolve));
    })(),
    "the socket's return",
  );

describe("a session that keeps asking", { skip: process.platform !== "linux" && "Linux alone can lend sockets" }, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cryo-"));
  const file = path.join(folder, "socket");
  const ways = { TCP: {}, TLS: { ssl: certificate }, "a Unix domain socket": { port: undefined, path: file } };
  test.after(() => fs.rmSync(folder, { recursive: true }));

  for (const [way, options] of Object.entries(ways)) {
    test(`is lent over ${way}, and given back when much comes at once`, async (t) => {
      const { server, client } = await lentOnes(t, 1, options, options.path && { path: file });
      const many = Array.from({ length: 1000 }, (_, n) => `many ${n}`);
      client.write(Buffer.concat(many.map((payload) => client.message("UTF8DATA", { payload }))));
      for (const payload of many) assert.equal((await client.nextOf("UTF8DATA")).payload, payload);
      await returned(server);
      await ask([client], () => lent(server) === 1, "it to be lent again");
    });
  }

  test("is lent beside others that do", async (t) => {
    const { server, clients } = await lentOnes(t, 3);
    for (const client of clients) client.destroy();
    await returned(server);
  });

  test("is lent beside many others, in a process with one CPU", async (t) => {
    const COUNT = 40;
    const app = spawnApp(t, async ({ cryo, send }) => {
      const { spawnSync } = require("node:child_process");
      const { readFileSync } = require("node:fs");
      const [, cpu] = /^Cpus_allowed_list:\t(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"));
      const { status } = spawnSync("taskset", ["-c", "-p", cpu, String(process.pid)]);
      if (status !== 0) return send(null);
      const server = cryo({ validate: async () => true }, { port: 0 });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("session", (session) => {
        session.on("message-utf8", (text) => session.SendUTF8(text));
        session.on("message-error", (text) => {
          if (text === "metrics") send(server.Metrics());
          // What comes meanwhile makes one batch.
          else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        });
      });
    });
    const port = await app.next("the port");
    if (port === null) return t.skip("needs taskset");
    const clients = [];
    for (let n = 0; n < COUNT; n++) {
      const client = await Client.connect({ port, sid: BigInt(n + 1), acks: true });
      t.after(() => client.destroy());
      await client.announce();
      clients.push(client);
    }
    const lentNow = async () => {
      clients[0].send("ERROR", { payload: "metrics" });
      return Number(LENT.exec(await app.next("metrics"))[1]);
    };
    // So few rounds would not be enough if they were lent by twos and threes. A host that stalls between them has it all begin anew.
    const asking = async () => {
      for (;;) {
        for (let round = 0; round < 8; round++) {
          clients[0].send("ERROR", { payload: "wait" });
          for (const client of clients) client.send("UTF8DATA", { payload: "question" });
          for (const client of clients) assert.equal((await client.nextOf("UTF8DATA")).payload, "question");
        }
        if ((await lentNow()) === COUNT) return;
        while ((await lentNow()) > 0) await setTimeout(350);
      }
    };
    await within(asking(), "all of them to be lent");
  });

  test("is given back when it stops, and served as before", async (t) => {
    const { server, client } = await lentOnes(t);
    await returned(server);
    let asked = false;
    await ask([client], () => asked || void (asked = true), "an answer");
  });

  test("is given back when it does not take what it is sent", async (t) => {
    const { server, client, session } = await lentOnes(t);
    client.pause();
    const data = Buffer.alloc(8 << 20, "data");
    const sent = session.SendBinary(data);
    await returned(server);
    client.resume();
    assert.ok(data.equals((await client.nextOf("BINARYDATA")).payload));
    await within(sent, "its ACK");
  });

  test("is given back when nothing but pings comes, which JavaScript does not hear of", async (t) => {
    const bridges = new Set();
    let calls = 0;
    const hook = createHook({
      init: (id, type) => type === "CryoServer" && bridges.add(id),
      before: (id) => (calls += bridges.has(id)),
    }).enable();
    t.after(() => hook.disable());
    const { server, client, session } = await lentOnes(t);
    const ping = async () => {
      client.write(PING);
      await client.wsPongs.next("a pong");
    };
    // Behind its ACK nothing is under way.
    await within(session.SendUTF8("an event"), "its ACK");
    assert.equal((await client.nextOf("UTF8DATA")).payload, "an event");
    await ping();
    const before = calls;
    for (let n = 0; n < 3; n++) await ping();
    assert.deepEqual([calls - before, lent(server)], [0, 1]);
    let over = false;
    const pinging = (async () => {
      while (!over) await ping();
    })();
    await returned(server);
    over = true;
    await pinging;
    await ask([client], () => lent(server) === 1, "it to be lent again");
  });

  test("has a message of many reads whole", async (t) => {
    const { client, session } = await lentOnes(t);
    const data = Buffer.alloc(3 << 20, "data");
    const message = event(session, "message-binary");
    client.send("BINARYDATA", { payload: data });
    assert.ok(data.equals((await message)[0]));
  });

  const ends = {
    BYE: ({ client }) => client.send("BYE", { reason: "" }),
    "a close frame": ({ client }) => client.close(),
    "a FIN": ({ client }) => client.socket.end(),
    "an RST": ({ client }) => client.reset(),
    "something that is no frame": ({ client }) => client.write(Buffer.alloc(64, 0xff)),
    "Close()": ({ session }) => session.Close(),
    "Destroy() of the session": ({ session }) => session.Destroy(),
    "Destroy() of the server": ({ server }) => void server.Destroy(),
    "Drain()": ({ server }) => void server.Drain(0),
  };
  for (const [how, end] of Object.entries(ends)) {
    test(`ends by ${how} as it should`, async (t) => {
      const lending = await lentOnes(t);
      const closed = event(lending.session, "closed");
      end(lending);
      await closed;
      await lending.client.closed();
      await returned(lending.server);
    });
  }

  test("is answered by the I/O thread when the event loop is blocked", async (t) => {
    const app = spawnApp(t, ({ cryo, send }) => {
      const server = cryo({ validate: async () => true }, { port: 0 });
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
    const client = await Client.connect({ port: await app.next("the port"), acks: true });
    t.after(() => client.destroy());
    await client.announce();
    const isLent = async () => {
      client.send("ERROR", { payload: "metrics" });
      return LENT.exec(await app.next("metrics"))[1] === "1";
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
      const server = cryo({ validate: async () => true }, { port: 0 });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("session", (session) => {
        let count = 0;
        session.on("message-utf8", (text) => {
          if (++count % 50 === 0) {
            process.nextTick(() => {
              throw new Error(LENT.exec(server.Metrics())[1]);
            });
          }
          session.SendUTF8(text);
        });
      });
      const LENT = /^cryo_sessions_lent (\d+)$/m;
    });
    const client = await Client.connect({ port: await app.next("the port"), acks: true });
    t.after(() => client.destroy());
    await client.announce();
    const thrown = new Set();
    const watch = (async () => {
      while (!thrown.has("1")) thrown.add(await app.next("an uncaught exception"));
    })();
    await ask([client], () => thrown.has("1"), "one to be thrown while it is lent");
    await watch;
  });

  const ECHO = `
    const { parentPort } = require("node:worker_threads");
    const { cryo } = require(${JSON.stringify(PACKAGE)});
    const server = cryo({ validate: async () => true }, { port: 0, host: "127.0.0.1" });
    server.on("session", (session) => session.on("message-utf8", (text) => session.SendUTF8(text)));
    server.on("listening", () => parentPort.postMessage(server.http_server.address().port));
    parentPort.on("message", () => parentPort.postMessage(server.Metrics()));
  `;

  test("may be lent when its worker is terminated", async (t) => {
    const worker = new Worker(ECHO, { eval: true });
    t.after(() => worker.terminate());
    const [port] = await event(worker, "message");
    const client = await Client.connect({ port, acks: true });
    t.after(() => client.destroy());
    await client.announce();
    const isLent = async () => {
      const metrics = event(worker, "message");
      worker.postMessage("metrics");
      return LENT.exec((await metrics)[0])[1] === "1";
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
          const LENT = /^cryo_sessions_lent 1$/m;
          const server = cryo({ validate: async () => true }, { port: 0 });
          const end = eval(argument);
          server.on("listening", () => send(server.http_server.address().port));
          server.on("session", (session) => {
            session.on("message-utf8", (text) => {
              if (LENT.test(server.Metrics())) end(server);
              session.SendUTF8(text);
            });
          });
          process.on("message", () => {});
          process.channel.unref();
        },
        `(${end})`,
      );
      const client = await Client.connect({ port: await app.next("the port"), acks: true });
      t.after(() => client.destroy());
      await client.announce();
      await assert.rejects(ask([client], () => false, "the end"), /closed with|connection is gone/);
      assert.equal((await app.exit()).code, code);
    });
  }
});
