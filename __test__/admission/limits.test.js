"use strict";

// How many connections there may be, and how large a message: what is over a limit costs the server its refusal.

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { describe, test } = require("node:test");

const certificate = require("../support/certs");
const { Client } = require("../support/client");
const { connect } = require("../support/clients");
const { freePath } = require("../support/folder");
const { requestHead, target } = require("../support/http");
const { PACKAGE } = require("../support/process");
const { Harness } = require("../support/server");
const { upload } = require("../support/transactions");
const { deferred, event, settled, until, within } = require("../support/wait");
const { loadNative } = require("../../lib/bridge/native.js");

const MIB = 1024 * 1024;

describe("maxConnections", () => {
  test("refuses the next connection with 503 until one has ended", async (t) => {
    const harness = await Harness.start(t, { maxConnections: 2 });
    const first = await harness.join();
    await harness.join();
    const { status, body } = await harness.request(target(9n));
    assert.equal(status, 503);
    assert.match(body, /Too many connections/);
    const closed = event(first.session, "closed");
    first.client.close();
    await closed;
    await reconnect(harness);
  });

  test("counts connections that have sent nothing", async (t) => {
    const harness = await Harness.start(t, { maxConnections: 1 });
    const silent = await harness.open();
    assert.equal((await harness.request(target(9n))).status, 503);
    silent.destroy();
    await reconnect(harness);
  });

  describe("counts a connection that is over until what came on it is handled:", () => {
    const reasons = {
      "a hook has it": (t, server) => {
        const gate = deferred();
        server.RegisterExtension({ name: "gate", on_receive_utf8: () => gate.promise });
        return gate.resolve;
      },
      "it is being taken over": (t) => {
        const { mock } = t.mock.method(loadNative().NativeParcel.prototype, "step", () => false);
        return () => mock.restore();
      },
    };
    for (const [reason, delay] of Object.entries(reasons)) {
      test(reason, async (t) => {
        const harness = await Harness.start(t, { maxConnections: 1, maxUnreadBytes: 64 * MIB, closeTimeoutMs: 300_000 });
        const goOn = delay(t, harness.server);
        const { client, session } = await harness.join();
        const message = event(session, "message-utf8");
        client.send("UTF8DATA", { payload: "x".repeat(2 * MIB) });
        client.close();
        await client.closed();
        await session.Close();
        assert.equal((await harness.request(target(9n))).status, 503);
        goOn();
        assert.equal((await message)[0].length, 2 * MIB);
        await reconnect(harness);
      });
    }

    test("above 128 MiB new connections wait, and sessions go on", async (t) => {
      const harness = await Harness.start(t, { maxUnreadBytes: 64 * MIB, closeTimeoutMs: 300_000 });
      const goOn = reasons["a hook has it"](t, harness.server);
      const other = await harness.join();
      const payload = Buffer.alloc(16 * MIB);
      const leave = async ({ client, session }) => {
        client.send("UTF8DATA", { payload: "with the hook" });
        client.send("BINARYDATA", { payload });
        client.close();
        await client.closed();
        await session.Close();
      };
      const leaving = [];
      while (leaving.length < 8) leaving.push(await harness.join());
      for (const one of leaving) await leave(one);
      const late = await harness.open();
      const response = late.request(target(9n));
      for (let round = 0; round < 20; round++) await other.client.roundTrip();
      assert.equal(await settled(response), false);
      goOn();
      assert.equal((await response).status, 101);
    });

    test("a stream that nobody reads is not waited for", async (t) => {
      const harness = await Harness.start(t, { maxConnections: 1 });
      const { client, session } = await harness.join();
      const stream = session.WaitForStream("up");
      upload(client, 1, "up", [Buffer.alloc(1000)]);
      await stream;
      client.close();
      await reconnect(harness);
    });
  });

  test("is a property of http_server, too, which can't be above the option", async (t) => {
    const harness = await Harness.start(t, { maxConnections: 2 });
    const { http_server } = harness.server;
    const status = async () => (await harness.request(target(9n))).status;
    assert.equal(http_server.maxConnections, undefined);
    await harness.join();
    for (const limit of [1, "1", 0.5, 0, -1, false]) {
      http_server.maxConnections = limit;
      assert.equal(http_server.maxConnections, limit);
      assert.equal(await status(), 503, `with ${limit}`);
    }
    http_server.maxConnections = 3;
    await harness.join();
    for (const limit of [3, null, undefined, NaN, Infinity]) {
      http_server.maxConnections = limit;
      assert.equal(await status(), 503, `above the option, with ${limit}`);
    }
    assert.throws(() => (http_server.maxConnections = Symbol("many")), TypeError);
    assert.equal(http_server.maxConnections, Infinity);
  });

  test("with TLS closes the next connection without a handshake", async (t) => {
    const harness = await Harness.start(t, { maxConnections: 1, ssl: certificate });
    await harness.join();
    const client = await harness.open({ tls: false });
    await client.closed();
    assert.deepEqual(client.reads, []);
  });

  test("keeps a flood of connections from disturbing a session", async (t) => {
    const harness = await Harness.start(t, { maxConnections: 1 });
    const { client, session } = await harness.join();
    // More than are waited for; none of them ever closes.
    const flood = await Promise.all(Array.from({ length: 400 }, () => harness.open({ closes: false })));
    session.on("message-utf8", (text) => void session.SendUTF8(text));
    client.send("UTF8DATA", { payload: "still here" });
    assert.equal((await client.nextOf("UTF8DATA")).payload, "still here");
    const refused = /^cryo_connections_refused_total\{limit="maxConnections"\} 400$/m;
    await until(() => refused.test(harness.server.Metrics()), "the refusals");
    assert.match(harness.server.Metrics(), /^cryo_connections 1$/m);
    for (const { socket } of flood) socket.end();
    await Promise.all(flood.map((one) => one.closed()));
  });
});

describe("maxConnectionsPerAddress", () => {
  test("refuses the next connection from an address with 429, in either form of the address", async (t) => {
    const harness = await Harness.start(t, { host: undefined, maxConnectionsPerAddress: 2 });
    const { family } = harness.server.http_server.address();
    const first = await harness.join({ host: "127.0.0.1" });
    await harness.join({ host: family === "IPv6" ? "::ffff:127.0.0.1" : "127.0.0.1" });
    const { status, body } = await harness.request(target(9n), {}, { host: "127.0.0.1" });
    assert.equal(status, 429);
    assert.match(body, /from this address/);
    if (family === "IPv6") await harness.join({ host: "::1" });
    first.client.close();
    await first.client.closed();
    await reconnect(harness);
  });

  test("does not apply to Unix domain sockets", { skip: process.platform === "win32" }, async (t) => {
    const file = freePath(t);
    const harness = await Harness.start(t, { port: undefined, path: file, maxConnectionsPerAddress: 1 });
    for (const sid of [1n, 2n]) await connect(t, { path: file, sid });
    assert.match(harness.server.Metrics(), /^cryo_connections 2$/m);
  });
});

describe("maxPayload", () => {
  test("accepts messages up to it, and closes with 1009 above it", async (t) => {
    const harness = await Harness.start(t, { maxPayload: 1000 });
    const { client, session } = await harness.join();
    const message = event(session, "message-utf8");
    client.send("UTF8DATA", { payload: "x".repeat(1000) });
    assert.equal((await message)[0].length, 1000);
    client.send("UTF8DATA", { payload: "x".repeat(1001 + 12) });
    assert.equal((await client.closed()).code, 1009);
  });
});

describe("a process that has run out of descriptors", { skip: process.platform === "win32" }, () => {
  test("serves its sessions, and accepts connections again as soon as there are descriptors", async (t) => {
    const app = `
      const server = require(${JSON.stringify(PACKAGE)}).cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
      server.on("session", (session) => session.on("message-utf8", (text) => session.SendUTF8(text)));
      server.on("listening", () => process.send(server.http_server.address().port));
    `;
    const command = ["-c", 'ulimit -n 64 && exec "$0" -e "$1"', process.execPath, app];
    const child = spawn("sh", command, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    t.after(() => child.kill("SIGKILL"));
    const [port] = await event(child, "message");

    const first = await Client.connect({ port, sid: 99n });
    const clients = [];
    t.after(() => [first, ...clients].forEach((client) => client.destroy()));
    for (let sid = 1n; sid <= 80n; sid++) clients.push(await Client.open({ port, sid }));
    let accepted = 0;
    const answers = clients.map((client) => {
      client.write(requestHead(target(client.sid)));
      return client.response().then(() => accepted++, () => {});
    });
    // Once some have been let in there are no descriptors for the rest, which wait in the listener's queue.
    await Promise.any(answers);
    first.send("UTF8DATA", { payload: "still here" });
    assert.equal((await first.nextOf("UTF8DATA")).payload, "still here");
    clients.forEach((client) => client.destroy());
    await within(Promise.all(answers), "all answers");
    assert.ok(accepted < 80, "there were descriptors for all");
    const late = await Client.connect({ port, sid: 100n });
    late.destroy();
  });
});

describe("a process without descriptors for a server", { skip: process.platform === "win32" }, () => {
  test("gets EMFILE, however few are left, and can destroy the server", async (t) => {
    const app = `
      const fs = require("node:fs");
      const { cryo } = require(${JSON.stringify(PACKAGE)});
      const outcomes = [];
      const attempt = async (left) => {
        const fds = [];
        try {
          while (left < Infinity) fds.push(fs.openSync("/dev/null"));
        } catch {}
        fds.splice(0, left).forEach((fd) => fs.closeSync(fd));
        const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
        const outcome = await new Promise((resolve) => {
          server.on("listening", () => resolve("listening"));
          server.http_server.on("error", ({ code }) => resolve(code));
        });
        await server.Destroy();
        fds.forEach((fd) => fs.closeSync(fd));
        return outcome;
      };
      (async () => {
        await attempt(Infinity); // loads the addon
        for (let left = 0; left <= 8; left++) outcomes.push(await attempt(left));
        process.send(outcomes);
      })();
    `;
    const command = ["-c", 'ulimit -n 64 && exec "$0" -e "$1"', process.execPath, app];
    const child = spawn("sh", command, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    t.after(() => child.kill("SIGKILL"));
    const [outcomes] = await event(child, "message");
    assert.deepEqual([outcomes[0], outcomes.at(-1)], ["EMFILE", "listening"]);
    assert.deepEqual([...new Set(outcomes)], ["EMFILE", "listening"]);
  });
});

/** Connects as soon as there is room again: the server sees a client's end a little later than the test. */
async function reconnect(harness) {
  const attempt = async () => {
    const { status } = await harness.request(target(99n));
    if (status === 101) return true;
    assert.ok([429, 503].includes(status), `status ${status}`);
    return false;
  };
  await until(attempt, "a free place");
}
