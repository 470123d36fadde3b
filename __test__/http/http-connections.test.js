"use strict";

// Connections of `http_server` as Node.js and applications know them from other servers: the request's socket, and what they get when nobody
// listens.

const assert = require("node:assert/strict");
const net = require("node:net");
const { describe, test } = require("node:test");

const { freePath } = require("../support/folder");
const { requestHead, target } = require("../support/http");
const { GET, HttpService, UPGRADE, gone, received, text } = require("../support/http-service");
const { reports } = require("../support/server");
const { event, within } = require("../support/wait");

/** A connection that was kept and a new one, when nobody listens any more: both get 426, Node's answer as Rust's. */
async function assertUnheard(t, secure, options) {
  const app = (_, response) => response.end("fine");
  const service = await HttpService.start(t, secure, app, options);
  const socket = await service.connect();
  socket.write(GET);
  await received(socket, "fine");
  service.http.off("request", app);
  socket.write(GET);
  const kept = await text(socket);
  const fresh = await service.exchange(GET);
  const comparable = (answer) => answer.replace(/^Date: .*\r\n/m, "").replace(/(?<=:)\d+(?= was refused)/, "0");
  const lines = (answer) => comparable(answer).split("\r\n").sort();
  const withoutLength = (answer) => lines(answer).filter((line) => !line.startsWith("Content-Length"));
  assert.match(kept, /^HTTP\/1\.1 426 /);
  assert.deepEqual(withoutLength(kept), withoutLength(fresh));
}

test("over a Unix domain socket, a connection that was kept is answered as any other", { skip: process.platform === "win32" }, (t) =>
  assertUnheard(t, false, { path: freePath(t) }));

for (const secure of [false, true]) {
  describe(secure ? "TLS" : "plain", () => {
    test("a connection that was kept is answered with 426 when nobody listens any more", (t) => assertUnheard(t, secure));

    test("an upgrade with more headers than Cryo takes is refused with 431, whether anybody listens or not", async (t) => {
      const headers = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`X-${n}`, "1"]));
      const app = (_, response) => response.end("fine");
      const service = await HttpService.start(t, secure, app);
      assert.match(await service.exchange(requestHead(target(1n), { headers })), /^HTTP\/1\.1 431 /);
      service.http.off("request", app);
      assert.match(await service.exchange(requestHead(target(1n), { headers })), /^HTTP\/1\.1 431 /);
    });

    test("`connection` is emitted for each connection, then `secureConnection` with TLS", async (t) => {
      const service = await HttpService.start(t, secure, (_, response) => response.end("fine"));
      const errors = reports(service.server);
      const seen = [];
      service.http.on("connection", (socket) => {
        seen.push(["connection", socket]);
        throw new Error("expected by the test");
      });
      service.http.on("secureConnection", (socket) => seen.push(["secureConnection", socket]));
      const request = event(service.http, "request");
      assert.match(await service.exchange(GET + GET, "fine"), /^HTTP\/1\.1 200 /);
      const [{ socket }] = await request;
      assert.deepEqual(seen.map(([name]) => name), secure ? ["connection", "secureConnection"] : ["connection"]);
      assert.ok(seen.every(([, other]) => other === socket));
      assert.deepEqual(errors, [["expected by the test", null, "listener of 'connection' on http_server"]]);
    });

    test("a connection that a `connection` listener destroys is closed", async (t) => {
      const service = await HttpService.start(t, secure, (_, response) => response.end("fine"));
      service.http.on("secureConnection", () => assert.fail("it was closed"));
      service.http.on("connection", (socket) => socket.destroy());
      const errors = reports(service.server);
      assert.equal(await service.exchange(GET), "");
      assert.deepEqual(errors, []);
    });

    test("an upgrade that is refused is closed when its client closes it, although nobody reads it", async (t) => {
      const service = await HttpService.start(t, secure);
      const closed = new Promise((resolve) => {
        service.http.on("upgrade", (_, socket) => socket.once("close", resolve).end("refused"));
      });
      assert.equal(await service.exchange(UPGRADE, "refused"), "refused");
      await within(closed, "the connection's end");
    });

    test("a HEAD request is answered without a body when nobody listens", async (t) => {
      const service = await HttpService.start(t, secure);
      const answer = await service.exchange(GET.replace("GET", "HEAD"));
      assert.match(answer, /^HTTP\/1\.1 426 [^]*\r\nContent-Length: [1-9]\d+\r\n[^]*\r\n\r\n$/);
    });

    test("the request's socket is a Duplex, and has what a socket without a client certificate has", async (t) => {
      const seen = {};
      const service = await HttpService.start(t, secure, ({ socket }) => {
        Object.assign(seen, { closed: socket.closed, certificate: socket.getPeerCertificate?.() });
        assert.equal(socket.resetAndDestroy(), socket);
        seen.whenClosed = new Promise((resolve) => socket.on("close", (hadError) => resolve([socket.closed, hadError])));
      });
      const socket = await service.connect();
      const closed = gone(socket);
      socket.write(GET);
      socket.once("end", () => socket.end());
      await closed;
      assert.deepEqual([seen.closed, await seen.whenClosed], [false, [true, false]]);
      assert.deepEqual(seen.certificate, secure ? {} : undefined);
    });
  });
}

describe("time-outs", () => {
  /** The server's end of a new connection with a request that nobody answers. */
  const requested = async (service) => {
    const request = event(service.http, "request");
    (await service.connect()).write(GET);
    return (await request)[0].socket;
  };

  /** What a socket says to each of these. */
  const outcomes = (socket) =>
    ["1000", null, undefined, -1, NaN, Infinity].map((value) => {
      try {
        return socket.setTimeout(value) === socket;
      } catch ({ name, code, message }) {
        return { name, code, message };
      }
    });

  test("that are none throw as on a net.Socket", async (t) => {
    const service = await HttpService.start(t, false, () => {});
    const socket = await requested(service);
    assert.deepEqual(outcomes(socket), outcomes(new net.Socket()));
    assert.equal(socket.timeout, 0);
    for (const milliseconds of [0, 1000]) assert.throws(() => socket.setTimeout(milliseconds, null), { code: "ERR_INVALID_ARG_TYPE" });
  });

  test("above 2^31-1 ms are 2^31-1 ms, with Node's warning", async (t) => {
    const service = await HttpService.start(t, false, () => {});
    const warned = event(process, "warning");
    service.http.setTimeout(2 ** 31);
    const socket = await requested(service);
    assert.deepEqual([(await warned)[0].name, socket.timeout], ["TimeoutOverflowWarning", 2 ** 31]);
    const timedOut = [];
    socket.on("timeout", () => timedOut.push("2^31 ms"));
    service.http.setTimeout(20);
    await event(await requested(service), "timeout");
    assert.deepEqual(timedOut, []);
  });

  test("of the server that are none are reported, and their connections closed", async (t) => {
    const service = await HttpService.start(t, false, (_, response) => response.end("fine"));
    const errors = reports(service.server);
    service.http.timeout = "1000";
    assert.equal(await service.exchange(GET), "");
    assert.match(errors[0][0], /"msecs"/);
    assert.deepEqual(errors.map(([, ...rest]) => rest), [[null, "listener of 'connection' on http_server"]]);
    service.http.timeout = 1000;
    assert.match(await service.exchange(GET, "fine"), /^HTTP\/1\.1 200 /);
  });
});
