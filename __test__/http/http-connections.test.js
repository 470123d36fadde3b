"use strict";

// Connections of `http_server` as Node.js and applications know them from other servers: the request's socket, and what they get when nobody
// listens.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { requestHead, target } = require("../support/http");
const { GET, HttpService, gone, received, text } = require("../support/http-service");

for (const secure of [false, true]) {
  describe(secure ? "TLS" : "plain", () => {
    test("a connection that was kept is answered with 426 when nobody listens any more", async (t) => {
      const app = (_, response) => response.end("fine");
      const service = await HttpService.start(t, secure, app);
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
    });

    test("an upgrade with more headers than Cryo takes is refused with 431, whether anybody listens or not", async (t) => {
      const headers = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`X-${n}`, "1"]));
      const app = (_, response) => response.end("fine");
      const service = await HttpService.start(t, secure, app);
      assert.match(await service.exchange(requestHead(target(1n), { headers })), /^HTTP\/1\.1 431 /);
      service.http.off("request", app);
      assert.match(await service.exchange(requestHead(target(1n), { headers })), /^HTTP\/1\.1 431 /);
    });

    test("the request's socket is a Duplex, and has what a socket without a client certificate has", async (t) => {
      const seen = {};
      const service = await HttpService.start(t, secure, ({ socket }) => {
        Object.assign(seen, { closed: socket.closed, certificate: socket.getPeerCertificate?.() });
        assert.equal(socket.resetAndDestroy(), socket);
        seen.whenClosed = new Promise((resolve) => socket.on("close", () => resolve(socket.closed)));
      });
      const socket = await service.connect();
      const closed = gone(socket);
      socket.write(GET);
      socket.once("end", () => socket.end());
      await closed;
      assert.deepEqual([seen.closed, await seen.whenClosed], [false, true]);
      assert.deepEqual(seen.certificate, secure ? {} : undefined);
    });
  });
}
