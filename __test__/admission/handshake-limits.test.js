"use strict";

// Connections that never become sessions: malformed, unfinished, abandoned, too many. None may cost the server more than
// its own refusal.

const assert = require("node:assert/strict");
const { writeFileSync } = require("node:fs");
const { describe, test } = require("node:test");
const { setTimeout } = require("node:timers/promises");

const certificate = require("../support/certs");
const { Client } = require("../support/client");
const { freePath } = require("../support/folder");
const { requestHead, target } = require("../support/http");
const { Inbox } = require("../support/inbox");
const { spawnApp } = require("../support/process");
const { Harness } = require("../support/server");
const { deferred, event, settled, until, within } = require("../support/wait");

// Short, because these tests wait for it; the machine's stalls only make it later.
const HANDSHAKE = { handshakeTimeoutMs: 400 };

/** Less than the deadline that a server has by default: whoever is gone by then was ended by the one above. In ms. */
const BELOW_DEFAULT = 8000;

describe("requests that are not a Cryo client's upgrade", () => {
  const rows = {
    "a target that is not a URL": [`GET *:99999 HTTP/1.1\r\nHost: x\r\n${upgradeHeaders()}\r\n`, 400],
    "a malformed authority as the target": [`GET [::1 HTTP/1.1\r\nHost: x\r\n${upgradeHeaders()}\r\n`, 400],
    "a target with a host that is none": [`GET http://[/ HTTP/1.1\r\nHost: x\r\n${upgradeHeaders()}\r\n`, 400],
    "bytes that are not HTTP": ["\x16\x03\x01\x00\xa5 what is this\r\n\r\n", 400],
    "HTTP/1.0": [requestHead(target(1n)).replace("HTTP/1.1", "HTTP/1.0"), 400],
    "another method": [requestHead(target(1n), { method: "POST" }), 405],
    "another WebSocket version": [requestHead(target(1n), { headers: { "Sec-WebSocket-Version": "8" } }), 426],
    "a missing WebSocket version": [requestHead(target(1n), { headers: { "Sec-WebSocket-Version": undefined } }), 426],
    "a missing key": [requestHead(target(1n), { headers: { "Sec-WebSocket-Key": undefined } }), 400],
    "a key of the wrong length": [requestHead(target(1n), { headers: { "Sec-WebSocket-Key": "c2hvcnQ=" } }), 400],
    "a head that does not end": [`${requestHead("/").slice(0, -2)}X: ${"x".repeat(1024 * 1024)}`, 431],
    "a plain GET": ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", 426],
    "half of a POST": ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf", 426],
  };
  for (const [title, [request, status]] of Object.entries(rows)) {
    test(`${title}: ${status}`, async (t) => {
      const harness = await Harness.start(t, HANDSHAKE);
      const client = await harness.open();
      client.write(request);
      assert.equal((await client.response()).status, status);
      await client.closed();
      await harness.connect();
    });
  }

  test("HOST in the environment is not read", async (t) => {
    const { HOST } = process.env;
    t.after(() => (HOST === undefined ? delete process.env.HOST : (process.env.HOST = HOST)));
    process.env.HOST = ":no:host:";
    const harness = await Harness.start(t);
    await harness.connect();
  });

  test("neither extensions nor subprotocols are accepted", async (t) => {
    const harness = await Harness.start(t);
    const offers = {
      "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
      "Sec-WebSocket-Protocol": "chat",
    };
    const { status, headers } = await harness.request(target(1n), { headers: offers });
    assert.equal(status, 101);
    assert.deepEqual(Object.keys(headers).sort(), ["connection", "sec-websocket-accept", "upgrade"]);
  });
});

describe("the handshake's deadline", () => {
  for (const [title, options] of [
    ["plain", {}],
    ["TLS", { ssl: certificate }],
  ]) {
    test(`ends a ${title} connection that says nothing`, async (t) => {
      const harness = await Harness.start(t, { ...HANDSHAKE, ...options });
      const client = await harness.open();
      await client.closed(BELOW_DEFAULT);
    });

    test(`ends a ${title} connection whose head drips`, async (t) => {
      const harness = await Harness.start(t, { ...HANDSHAKE, ...options });
      const client = await harness.open();
      client.write("GET / HTTP/1.1\r\n");
      const gone = client.closed(BELOW_DEFAULT).then(() => true);
      while (!(await Promise.race([gone, setTimeout(50, false)]))) client.write("X: y\r\n");
    });
  }

  test("ends a connection that never starts TLS", async (t) => {
    const harness = await Harness.start(t, { ...HANDSHAKE, ssl: certificate });
    const client = await harness.open({ tls: false });
    await client.closed(BELOW_DEFAULT);
  });

  test("ends the wait for a validator, whose late answer changes nothing", async (t) => {
    const answer = deferred();
    const harness = await Harness.start(t, HANDSHAKE, { validate: (token) => token === "tok" || answer.promise });
    const arrivals = [];
    harness.server.on("session", ({ sid }) => arrivals.push(sid));
    const client = await harness.open();
    assert.equal((await client.request(target(1n, "slow"))).status, 408);
    await client.closed();
    answer.resolve(true);
    await harness.join({ sid: 2n });
    assert.deepEqual(arrivals, [2n]);
    await harness.join({ sid: 1n });
  });

  test("ends a refused connection that the client keeps open", async (t) => {
    const harness = await Harness.start(t);
    const client = await harness.open({ closes: false });
    assert.equal((await client.request(target(1n, "nope"))).status, 401);
    const gone = client.closed().then(() => true);
    // A socket that is closed and not only half-closed answers what still comes with a reset.
    while (!(await Promise.race([gone, setTimeout(50, false)]))) client.write("still here\r\n");
  });

  test("a refused connection that the client keeps open does not keep Destroy() for longer than closeTimeoutMs", async (t) => {
    const harness = await Harness.start(t, { closeTimeoutMs: 50 });
    const client = await harness.open({ closes: false });
    assert.equal((await client.request(target(1n, "nope"))).status, 401);
    await within(harness.server.Destroy(), "Destroy()", 1500);
  });
});

describe("maxPendingHandshakes", () => {
  test("refuses handshakes above the limit until one has ended", async (t) => {
    const asked = new Inbox();
    const validate = () => {
      const answer = deferred();
      asked.push(answer);
      return answer.promise;
    };
    const harness = await Harness.start(t, { maxPendingHandshakes: 2 }, { validate });
    const first = harness.connect({ sid: 1n });
    const second = harness.connect({ sid: 2n });
    const answers = [await asked.next(), await asked.next()];
    assert.equal((await harness.request(target(3n))).status, 503);

    answers[0].resolve(true);
    await Promise.race([first, second]);
    const third = harness.connect({ sid: 3n });
    answers.push(await asked.next());
    for (const { resolve } of answers) resolve(true);
    await Promise.all([first, second, third]);
  });
});

describe("a client that resets its connection", () => {
  test("while the validator runs gives up its handshake and its sid", async (t) => {
    const asked = deferred();
    const answer = deferred();
    const arrivals = [];
    const validate = (token) => {
      if (token === "tok") return true;
      asked.resolve();
      return answer.promise;
    };
    const harness = await Harness.start(t, {}, { validate });
    harness.server.on("session", ({ sid }) => arrivals.push(sid));
    const client = await harness.open();
    client.write(requestHead(target(1n, "slow")));
    await asked.promise;
    client.reset();
    await client.closed();

    const again = async () => {
      const { status } = await harness.request(target(1n));
      assert.ok([101, 401].includes(status), `status ${status}`);
      return status === 101;
    };
    await until(again, "its sid to be free");
    answer.resolve(true);
    await harness.join({ sid: 2n });
    assert.deepEqual(arrivals, [1n, 2n]);
  });

  test("as soon as it is refused disturbs nobody else", async (t) => {
    const harness = await Harness.start(t);
    const resets = Array.from({ length: 50 }, async (_, i) => {
      const client = await harness.open();
      client.write(requestHead(target(BigInt(i), "nope")));
      client.reset();
      await client.closed();
    });
    await within(Promise.all(resets), "the resets");
    await harness.join();
  });
});

test("clients that leave before the validator can be asked are not waited with", async (t) => {
  const released = freePath(t);
  const app = spawnApp(
    t,
    ({ cryo, send, argument }) => {
      const { existsSync } = require("node:fs");
      const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0, handshakeTimeoutMs: 600_000 });
      server.on("listening", () => send(server.http_server.address().port));
      process.on("message", () => {
        send("blocked");
        while (!existsSync(argument)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      });
    },
    released,
  );
  const port = await app.next("the port");
  app.tell("block");
  await app.next("the block");
  // More than may have a question on its way.
  const crowd = await Promise.all(Array.from({ length: 40 }, (_, n) => Client.open({ port, sid: BigInt(n) })));
  for (const client of crowd) {
    client.write(requestHead(target(client.sid)));
    client.socket.end();
  }
  await Promise.all(crowd.map((client) => client.closed()));
  writeFileSync(released, "");
  const late = await Client.connect({ port });
  late.destroy();
});

describe('onDuplicateSid: "replace"', () => {
  test("closes the old session and lets the new one in", async (t) => {
    const harness = await Harness.start(t, { onDuplicateSid: "replace" });
    const old = await harness.join({ sid: 5n });
    const closed = event(old.session, "closed");
    const fresh = await harness.join({ sid: 5n });
    await closed;
    assert.notEqual(fresh.session, old.session);
    assert.equal((await old.client.closed()).code, 4000);
    const message = event(fresh.session, "message-utf8");
    fresh.client.send("UTF8DATA", { payload: "still here" });
    assert.deepEqual(await message, ["still here"]);
  });

  test("closes nothing for a client with a wrong token", async (t) => {
    const harness = await Harness.start(t, { onDuplicateSid: "replace" });
    const { client, session } = await harness.join({ sid: 5n });
    const closed = event(session, "closed");
    assert.equal((await harness.request(target(5n, "nope"))).status, 401);
    const message = event(session, "message-utf8");
    client.send("UTF8DATA", { payload: "still here" });
    assert.deepEqual(await message, ["still here"]);
    assert.equal(await settled(closed), false);
    client.close();
    await closed;
  });

  test("replaces a session whose client has fallen silent", async (t) => {
    const harness = await Harness.start(t, { onDuplicateSid: "replace" });
    const { client } = await harness.join({ sid: 5n, closes: false });
    client.pause();
    await harness.join({ sid: 5n });
  });
});

function upgradeHeaders() {
  return requestHead("/")
    .split("\r\n")
    .slice(2, -2)
    .map((line) => `${line}\r\n`)
    .join("");
}
