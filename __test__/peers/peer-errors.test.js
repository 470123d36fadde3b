"use strict";

// ConnectPeer where there is no Cryo server, or one that does not want this one: each failure has its code.

const assert = require("node:assert/strict");
const dns = require("node:dns");
const net = require("node:net");
const { describe, test } = require("node:test");

const { CryoError, cryo } = require("../..");
const { rawServer } = require("../support/other-server");
const { spawnApp } = require("../support/process");
const { Harness } = require("../support/server");
const { event, within } = require("../support/wait");

/** The error that connecting to `url` ends with. */
async function failure(t, url, token = "tok", options = {}) {
  const { server } = await Harness.start(t, options);
  const error = await within(
    server.ConnectPeer(url, token).then(() => assert.fail("connected"), (reason) => reason),
    "ConnectPeer()",
  );
  assert.ok(error instanceof CryoError, String(error));
  return error;
}

/** The error that a server on a bare socket causes by this answer. */
async function failureOf(t, answer, options) {
  return failure(t, await rawServer(t, answer), "tok", options);
}

describe("no connection", () => {
  test("because nobody listens", async (t) => {
    const listener = net.createServer().listen(0, "127.0.0.1");
    await event(listener, "listening");
    const { port } = listener.address();
    await new Promise((resolve) => listener.close(resolve));
    const { code, message, cause } = await failure(t, `ws://127.0.0.1:${port}`);
    assert.equal(code, "ERR_CRYO_PEER_UNREACHABLE");
    assert.match(message, new RegExp(`127\\.0\\.0\\.1:${port}`));
    assert.equal(cause.message, `connect ECONNREFUSED 127.0.0.1:${port}`);
    assert.deepEqual([cause.code, cause.syscall, cause.address, cause.port], ["ECONNREFUSED", "connect", "127.0.0.1", port]);
    assert.ok(cause.errno < 0);
  });

  test("because the name does not exist", async (t) => {
    // Not the resolver of the machine, which may never answer, or have an address for any name.
    const unknown = Object.assign(new Error("getaddrinfo ENOTFOUND cryo-server.invalid"), { code: "ENOTFOUND", hostname: "cryo-server.invalid" });
    t.mock.method(dns.promises, "lookup", async (name) => {
      assert.equal(name, "cryo-server.invalid");
      throw unknown;
    });
    const { code, cause } = await failure(t, "ws://cryo-server.invalid");
    assert.equal(code, "ERR_CRYO_PEER_UNREACHABLE");
    assert.equal(cause, unknown);
  });

  test("to the first of several addresses: the next one is tried", async (t) => {
    const there = await Harness.start(t, { host: "127.0.0.1" });
    // The port is bound on 127.0.0.1 alone.
    const found = ["not an address", "127.0.0.2", "127.0.0.1"].map((address) => ({ address, family: 4 }));
    t.mock.method(dns.promises, "lookup", async () => found);
    const { server } = await Harness.start(t);
    const peer = await server.ConnectPeer(`ws://somewhere.test:${there.port}`, "tok");
    assert.equal(peer.request.remoteAddress, "127.0.0.1");
  });

  test("because the name has no usable address", async (t) => {
    t.mock.method(dns.promises, "lookup", async () => []);
    const { code, cause } = await failure(t, "ws://somewhere.test");
    assert.deepEqual([code, cause.code], ["ERR_CRYO_PEER_UNREACHABLE", "ENOTFOUND"]);
  });

  for (const [what, part] of [
    ["at once", ""],
    ["within the head", "HTTP/1.1 101 Switching Protocols\r\nUpgr"],
  ]) {
    test(`because the server hangs up ${what}`, async (t) => {
      const { code, cause } = await failureOf(t, ({ socket }) => socket.end(part));
      assert.equal(code, "ERR_CRYO_PEER_UNREACHABLE");
      assert.equal(cause.code, "ECONNRESET");
    });
  }
});

describe("a refusal", () => {
  test("by the other server's validator has its status, reason and text", async (t) => {
    const there = await Harness.start(t);
    const { code, status, reason, body, message } = await failure(t, `ws://127.0.0.1:${there.port}`, "wrong");
    assert.deepEqual({ code, status, reason }, { code: "ERR_CRYO_PEER_REFUSED", status: 401, reason: "Unauthorized" });
    assert.match(body, /Invalid bearer token/);
    assert.match(message, /401 Unauthorized/);
  });

  const ANSWERS = {
    "by a web server": ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", { status: 200, reason: "OK", body: "hello" }],
    "that redirects": [
      "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
      { status: 302, reason: "Found", body: "" },
    ],
    "without a reason": ["HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", { status: 503, reason: "", body: "" }],
  };
  for (const [what, [answer, expected]] of Object.entries(ANSWERS)) {
    test(what, async (t) => {
      const { code, status, reason, body } = await failureOf(t, ({ socket }) => socket.write(answer));
      assert.deepEqual({ code, status, reason, body }, { code: "ERR_CRYO_PEER_REFUSED", ...expected });
    });
  }

  test("with a long text is cut", async (t) => {
    const { body } = await failureOf(t, ({ socket }) => socket.write(`HTTP/1.1 500 No\r\n\r\n${"x".repeat(100_000)}`));
    assert.equal(body, "x".repeat(4096));
  });

  const STRANGE = {
    "a wrong Sec-WebSocket-Accept": [({ switching }) => switching.replace(/(Accept: )./, "$1*"), 101, /Sec-WebSocket-Accept/],
    "a 101 to something else": [({ switching }) => switching.replace("websocket", "h2c"), 101, /does not switch to WebSocket/],
    "an extension": [
      ({ switching }) => switching.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
      101,
      /extension/,
    ],
    "bytes that are not HTTP": [() => "SSH-2.0-OpenSSH_9.6\r\n", undefined, /not HTTP/],
    "a head that does not end": [() => `HTTP/1.1 101 Switching Protocols\r\nX: ${"x".repeat(20_000)}`, undefined, /too long/],
  };
  for (const [what, [answer, expected, pattern]] of Object.entries(STRANGE)) {
    test(`${what} counts as one`, async (t) => {
      const { code, status, message } = await failureOf(t, (connection) => connection.socket.write(answer(connection)));
      assert.deepEqual({ code, status }, { code: "ERR_CRYO_PEER_REFUSED", status: expected });
      assert.match(message, pattern);
    });
  }
});

describe("handshakeTimeoutMs", () => {
  const OPTIONS = { handshakeTimeoutMs: 300 };

  test("ends the wait for a name to be resolved", async (t) => {
    t.mock.method(dns.promises, "lookup", () => new Promise(() => {}));
    const { code } = await failure(t, "ws://somewhere.test", "tok", OPTIONS);
    assert.equal(code, "ERR_CRYO_PEER_TIMEOUT");
  });

  test("ends the wait for an answer", async (t) => {
    const { code, message } = await failureOf(t, () => {}, OPTIONS);
    assert.equal(code, "ERR_CRYO_PEER_TIMEOUT");
    assert.match(message, /300 ms/);
  });

  test("ends the wait for the rest of an answer", async (t) => {
    const { code } = await failureOf(t, ({ socket, switching }) => socket.write(switching.slice(0, -2)), OPTIONS);
    assert.equal(code, "ERR_CRYO_PEER_TIMEOUT");
  });

  test("ends the wait for TLS", async (t) => {
    const url = await rawServer(t, () => {});
    const { code } = await failure(t, url.replace("ws:", "wss:"), "tok", OPTIONS);
    assert.equal(code, "ERR_CRYO_PEER_TIMEOUT");
  });
});

describe("a server that is destroyed", () => {
  test("rejects ConnectPeer()", async (t) => {
    const { server } = await Harness.start(t);
    await within(server.Destroy(), "Destroy()");
    await assert.rejects(server.ConnectPeer("ws://127.0.0.1:1", "tok"), { code: "ERR_CRYO_SERVER_CLOSED" });
  });

  test("or could not listen rejects ConnectPeer(), too", async (t) => {
    const { port } = await Harness.start(t);
    const server = cryo({ validate: () => true }, { port });
    t.after(() => server.Destroy());
    await event(server.http_server, "error");
    await assert.rejects(server.ConnectPeer("ws://127.0.0.1:1", "tok"), { code: "ERR_CRYO_SERVER_CLOSED" });
  });

  test("gives up the names it was resolving", async (t) => {
    const asked = new Promise((resolve) => {
      t.mock.method(dns.promises, "lookup", () => {
        resolve();
        return new Promise(() => {});
      });
    });
    const { server } = await Harness.start(t);
    const rejected = assert.rejects(server.ConnectPeer("ws://somewhere.test", "tok"), { code: "ERR_CRYO_SERVER_CLOSED" });
    await asked;
    await within(server.Destroy(), "Destroy()");
    await within(rejected, "the rejection");
  });

  test("gives up the names it was resolving, and its process ends", async (t) => {
    const app = spawnApp(t, async ({ cryo, send }) => {
      require("node:dns").promises.lookup = () => new Promise(() => {});
      // Longer than anything may take here.
      const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0, handshakeTimeoutMs: 600_000 });
      await new Promise((resolve) => server.once("listening", resolve));
      server.ConnectPeer("ws://somewhere.test", "tok").catch(({ code }) => send(code));
      await server.Destroy();
      send("destroyed");
    });
    assert.equal(await app.next("the rejection"), "ERR_CRYO_SERVER_CLOSED");
    assert.equal(await app.next("Destroy()"), "destroyed");
    const { code, stderr } = await app.exit();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });

  test("drains without waiting for a session whose ConnectPeer() it has given up", async (t) => {
    let drained;
    const { server } = await Harness.start(t, { closeTimeoutMs: 50 });
    const url = await rawServer(t, ({ socket, switching }) => {
      socket.write(switching);
      // In this turn of the event loop: the session is there, and its event waits to be delivered.
      while (!server.Metrics().includes("cryo_sessions 1\n")) continue;
      drained = server.Drain(3_600_000);
    });
    await assert.rejects(server.ConnectPeer(url, "tok"), { code: "ERR_CRYO_SERVER_CLOSED" });
    await within(drained, "Drain()");
  });

  test("gives up the connections it was making, and its process ends", async (t) => {
    const url = await rawServer(t, ({ socket }) => {
      socket.write("HTTP/1.1 101");
      app.tell("it is connecting");
    });
    const app = spawnApp(
      t,
      async ({ cryo, send, argument: url }) => {
        const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0 });
        await new Promise((resolve) => server.once("listening", resolve));
        process.once("message", () => server.Destroy().then(() => send("destroyed")));
        await server.ConnectPeer(url, "tok").catch(({ code }) => send(code));
      },
      url,
    );
    assert.equal(await app.next("the rejection"), "ERR_CRYO_SERVER_CLOSED");
    assert.equal(await app.next("Destroy()"), "destroyed");
    const { code, stderr } = await app.exit();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });
});
