"use strict";

// From cryo() to Destroy(): where a server listens, how it fails to, and that nothing of it is left.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const net = require("node:net");
const os = require("node:os");
const { describe, test } = require("node:test");

const { cryo } = require("../..");
const { listenError } = require("../../lib/http/listening.js");
const certificate = require("../support/certs");
const { Client } = require("../support/client");
const { requestHead, target } = require("../support/http");
const { spawnApp } = require("../support/process");
const { Harness, joined } = require("../support/server");
const { deferred, event, within } = require("../support/wait");

const validator = { validate: async () => true };

describe("listening", () => {
  test("is announced after `await cryo()`", async (t) => {
    const server = await cryo(validator, { host: "127.0.0.1", port: 0 });
    t.after(() => server.Destroy());
    await event(server, "listening");
    assert.equal(server.http_server.listening, true);
    const { port, family, address } = server.http_server.address();
    assert.ok(Number.isInteger(port) && port > 0, `port ${port}`);
    assert.ok(["IPv4", "IPv6"].includes(family), family);
    assert.ok(net.isIP(address), address);
  });

  test("is announced on http_server, too", async (t) => {
    const server = cryo(validator, { host: "127.0.0.1", port: 0 });
    t.after(() => server.Destroy());
    await event(server.http_server, "listening");
  });

  test("takes the port it is given, even one of a server that has just been destroyed", async (t) => {
    const first = await Harness.start(t);
    const { port } = first;
    await first.join(); // whose end leaves the port in TIME_WAIT
    await first.stop();
    const second = await Harness.start(t, { port });
    assert.equal(second.port, port);
    await second.connect();
  });

  test("is on all addresses of both families by default", async (t) => {
    const harness = await Harness.start(t, { host: undefined });
    const { family, address } = harness.server.http_server.address();
    assert.equal(address, family === "IPv6" ? "::" : "0.0.0.0");
    await harness.connect({ host: "127.0.0.1" });
    if (family === "IPv6") await harness.connect({ host: "::1" });
  });

  test("is on `host` alone when there is one", async (t) => {
    const harness = await Harness.start(t, { host: "127.0.0.1" });
    const { port } = harness;
    assert.deepEqual(harness.server.http_server.address(), { address: "127.0.0.1", family: "IPv4", port });
    await harness.connect({ host: "127.0.0.1" });
    await assert.rejects(harness.open({ host: "::1" }));
  });

  test("takes a host name", async (t) => {
    const harness = await Harness.start(t, { host: "localhost" });
    await harness.connect({ host: "localhost" });
  });

  test("fails with Node's own EADDRINUSE", async (t) => {
    const holder = net.createServer().listen(0, "127.0.0.1");
    await event(holder, "listening");
    t.after(() => holder.close());
    const { address, port } = holder.address();

    const server = cryo(validator, { port, host: address });
    t.after(() => server.Destroy());
    const [error] = await event(server.http_server, "error");
    assert.ok(error instanceof Error);
    const { code, syscall } = error;
    assert.deepEqual(
      { code, syscall, address: error.address, port: error.port },
      { code: "EADDRINUSE", syscall: "listen", address, port },
    );
    assert.equal(server.http_server.listening, false);
  });

  test("fails with Node's name for the system's error number, where there is one", () => {
    const { EMFILE, ENFILE, ENOMEM } = os.constants.errno;
    for (const [name, errno] of Object.entries({ EMFILE, ENFILE, ENOMEM })) {
      const error = listenError({ error: "EINVAL", errno, address: "::", port: 80 });
      assert.deepEqual([error.code, error.errno], [name, -errno]);
      assert.match(error.message, new RegExp(`^listen ${name}: [a-z ]+ :::80$`));
    }
    // WSAEADDRINUSE, of which Node knows by another number.
    const { code, message } = listenError({ error: "EADDRINUSE", errno: 10048, address: "::", port: 80 });
    assert.deepEqual([code, message], ["EADDRINUSE", "listen EADDRINUSE: address already in use :::80"]);
  });

  test("fails as Node's own servers do where there is no such host", async (t) => {
    const server = cryo(validator, { host: "nowhere.invalid", port: 0 });
    t.after(() => server.Destroy());
    const [ours] = await event(server.http_server, "error");
    const [nodes] = await event(net.createServer().listen(0, "nowhere.invalid"), "error");
    // Without a network, Node's resolver may say EAI_AGAIN.
    assert.deepEqual({ ...ours, message: ours.message }, {
      errno: -3008,
      code: "ENOTFOUND",
      syscall: nodes.syscall,
      hostname: nodes.hostname,
      message: "getaddrinfo ENOTFOUND nowhere.invalid",
    });
  });
});

describe("http_server", () => {
  test("is an http.Server", async (t) => {
    const { server } = await Harness.start(t);
    assert.ok(server.http_server instanceof http.Server);
    assert.ok(!(server.http_server instanceof https.Server));
    assert.equal(server.http_server, server.http_server);
  });

  test("is an https.Server with `ssl`", async (t) => {
    const { server } = await Harness.start(t, { ssl: certificate });
    assert.ok(server.http_server instanceof https.Server);
  });
});

describe("options are checked by cryo()", () => {
  const { key, cert } = certificate;
  const keys = { "no key": { cert }, "no certificate": { key }, neither: {}, "an empty key": { key: "", cert } };
  const unreadable = {
    "a key that is not PEM": { key: "no PEM", cert },
    "a certificate that is not PEM": { key, cert: Buffer.from("no PEM") },
  };
  for (const [title, ssl] of Object.entries({ ...keys, ...unreadable })) {
    test(`ssl with ${title}`, () => {
      assert.throws(() => cryo(validator, { port: 0, ssl }), named(TypeError, "ssl"));
    });
  }

  for (const keepAliveIntervalMs of [0, -1, NaN, Infinity, 2 ** 31, 3e9]) {
    test(`keepAliveIntervalMs ${keepAliveIntervalMs}`, () => {
      assert.throws(() => cryo(validator, { port: 0, keepAliveIntervalMs }), named(RangeError, "keepAliveIntervalMs"));
    });
  }

  test("key and certificate may be strings", async (t) => {
    const harness = await Harness.start(t, { ssl: { key: key.toString(), cert: cert.toString() } });
    await harness.connect();
  });

  test("keepAliveIntervalMs may be 2^31-1, and then no round of the heartbeat comes soon", async (t) => {
    const { client, session } = await joined(t, { keepAliveIntervalMs: 2 ** 31 - 1 });
    const rounds = [];
    session.on("stat-rtt", (mean) => rounds.push(mean));
    // Another server's rounds are the clock.
    const other = await joined(t, { keepAliveIntervalMs: 600 }, { pongs: true });
    for (let round = 0; round < 2; round++) await event(other.session, "stat-rtt");
    const ack = client.send("UTF8DATA", { payload: "still here" });
    const frame = await client.next();
    assert.deepEqual([frame.name, frame.ack], ["ACK", ack], "there was no ping before it");
    assert.deepEqual(rounds, []);
  });
});

describe("Destroy()", () => {
  test("settles when everything is closed, and can be called again", async (t) => {
    const { server, client, session } = await joined(t);
    const closed = event(session, "closed");
    const serverClosed = event(server.http_server, "close");
    await within(Promise.all([server.Destroy(), server.Destroy()]), "both");
    await within(server.Destroy(), "a third");
    await Promise.all([closed, serverClosed]);
    assert.deepEqual(await client.closed(), { code: 4000, reason: "Closing session." });
    assert.equal(server.http_server.listening, false);
  });

  test("leaves nothing of the I/O thread, even while the server is referenced", { skip: process.platform !== "linux" }, async (t) => {
    const polls = () => fs.readdirSync("/proc/self/fd").filter(isPoll).length;
    const before = polls();
    const { harness, client, session } = await joined(t);
    const closed = event(session, "closed");
    session.SendUTF8("never acknowledged");
    await client.nextOf("UTF8DATA");
    client.reset();
    await closed;
    await harness.stop();
    assert.equal(polls(), before);
  });

  test("refuses connections from then on", async (t) => {
    const harness = await Harness.start(t);
    const { port } = harness;
    await harness.stop();
    await assert.rejects(harness.open({ port }), { code: "ECONNREFUSED" });
  });

  test("is bounded when clients ignore it", async (t) => {
    const harness = await Harness.start(t);
    const deaf = await harness.join({ closes: false });
    const stuffed = await harness.join({ closes: false });
    const silent = await harness.open({ closes: false });
    deaf.client.pause();
    stuffed.client.pause();
    for (let i = 0; i < 8; i++) stuffed.session.SendBinary(Buffer.alloc(1024 * 1024));
    await within(harness.server.Destroy(), "Destroy() among stubborn clients", 10_000);
    silent.destroy();
  });

  test("does not wait for a validator that never answers", async (t) => {
    const asked = deferred();
    const harness = await Harness.start(t, {}, { validate: () => new Promise(asked.resolve) });
    const client = await harness.open();
    client.write(requestHead(target(1n)));
    await asked.promise;
    await within(harness.server.Destroy(), "Destroy()", 10_000);
    await client.closed();
    assert.ok(!client.reads.some(({ bytes }) => bytes.includes("101 Switching")));
  });
});

describe("the process ends by itself", () => {
  const applications = {
    "after Destroy() before `listening`": ({ cryo }) => {
      cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 }).Destroy();
    },

    "after Destroy() of a server that could not listen": async ({ cryo }) => {
      const start = (port) => cryo({ validate: async () => true }, { port, host: "127.0.0.1" });
      const first = start(0);
      await new Promise((resolve) => first.on("listening", resolve));
      const second = start(first.http_server.address().port);
      await new Promise((resolve) => second.http_server.on("error", resolve));
      await Promise.all([first.Destroy(), second.Destroy()]);
    },

    "at process.exit() while it listens": ({ cryo }) => {
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
      server.on("listening", () => process.exit(0));
    },
  };
  for (const [title, application] of Object.entries(applications)) {
    test(title, async (t) => {
      const app = spawnApp(t, application);
      assertQuietExit(await app.exit());
    });
  }

  test("after Destroy() with a session", async (t) => {
    const app = spawnApp(t, ({ cryo, send }) => {
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("session", (session) => session.on("connected", () => server.Destroy()));
    });
    const client = await Client.connect({ port: await app.next("the port") });
    await client.announce();
    await client.closed();
    assertQuietExit(await app.exit());
  });
});

// Of that class, and with the option's name in its message.
function named(type, option) {
  return (error) => error instanceof type && error.message.includes(option);
}

function assertQuietExit({ code, signal, stdout, stderr }) {
  assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: "", stderr: "" });
}

/** Whether a descriptor belongs to an event loop, JavaScript's or another. */
function isPoll(fd) {
  try {
    return /event(poll|fd)/.test(fs.readlinkSync(`/proc/self/fd/${fd}`));
  } catch {
    // The one that the folder was read by.
    return false;
  }
}
