"use strict";

// Plain HTTP requests on the server's port reach the listeners of `http_server`, as those of a server of node:http.

const assert = require("node:assert/strict");
const express = require("express");
const { describe, test } = require("node:test");

const { GET, HttpService, received, text } = require("../support/http-service");
const { reports } = require("../support/server");
const { event } = require("../support/wait");

/** Answers with what it was sent. */
const echo = (request, response) => request.pipe(response);

for (const secure of [false, true]) {
  describe(secure ? "TLS" : "plain", () => {
    test("without a listener the answer is 426, with one it is the listener's, and without it 426 again", async (t) => {
      const service = await HttpService.start(t, secure);
      const refused = await service.request("/");
      assert.deepEqual([refused.status, refused.headers.upgrade], [426, "websocket"]);
      const listener = (request, response) => response.end(request.url);
      service.http.on("request", listener);
      assert.deepEqual((await service.request("/a?b=c")).body, "/a?b=c");
      service.renewAgent();
      service.http.off("request", listener);
      assert.equal((await service.request("/")).status, 426);
    });

    test("the request's socket has the addresses of both ends", async (t) => {
      const seen = [];
      const service = await HttpService.start(t, secure, ({ socket }, response) => {
        const { remoteAddress, remoteFamily, remotePort, localAddress, localPort, encrypted } = socket;
        seen.push({ remoteAddress, remoteFamily, remotePort, localAddress, localPort, encrypted, address: socket.address() });
        response.end();
      });
      const request = service.begin("/").end();
      const [response] = await event(request, "response");
      response.resume();
      const mapped = service.http.address().family === "IPv6";
      const [ip, family] = mapped ? ["::ffff:127.0.0.1", "IPv6"] : ["127.0.0.1", "IPv4"];
      assert.deepEqual(seen, [
        {
          remoteAddress: ip,
          remoteFamily: family,
          remotePort: request.socket.localPort,
          localAddress: ip,
          localPort: service.port,
          encrypted: secure ? true : undefined,
          address: { address: ip, family, port: service.port },
        },
      ]);
    });

    test("bodies of known length and chunked bodies work both ways", async (t) => {
      const service = await HttpService.start(t, secure, echo);
      const fixed = await service.request("/", { method: "POST", headers: { "Content-Length": 5 }, body: "12345" });
      assert.equal(fixed.body, "12345");
      const request = service.begin("/", { method: "PUT" });
      for (const part of ["a", "bc", "def"]) request.write(part);
      request.end();
      const [response] = await event(request, "response");
      assert.equal(response.headers["transfer-encoding"], "chunked");
      assert.equal(await text(response), "abcdef");
    });

    test("connections are kept for the next request", async (t) => {
      const ports = new Set();
      const service = await HttpService.start(t, secure, (request, response) => {
        ports.add(request.socket.remotePort);
        response.end();
      });
      service.renewAgent({ maxSockets: 1 });
      for (let i = 0; i < 20; i++) await service.request("/");
      assert.equal(ports.size, 1);
    });

    test("pipelined requests are answered in their order", async (t) => {
      const service = await HttpService.start(t, secure, (request, response) => {
        // The later ones are ready first.
        const rank = Number(request.url.slice(1));
        setTimeout(() => response.end(`<${request.url}>`), 30 - 10 * rank);
      });
      const requests = [0, 1, 2].map((i) => `GET /${i} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join("");
      const answers = await service.exchange(requests, "</2>");
      assert.deepEqual(answers.match(/<\/\d>/g), ["</0>", "</1>", "</2>"]);
    });

    test("a head may arrive byte by byte", async (t) => {
      const service = await HttpService.start(t, secure, echo);
      const socket = await service.connect();
      for (const byte of "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") socket.write(byte);
      assert.match(await text(socket), /^HTTP\/1\.1 200 OK/);
    });

    test("Expect: 100-continue is answered before the body comes", async (t) => {
      const service = await HttpService.start(t, secure, echo);
      const request = service.begin("/", { method: "POST", headers: { Expect: "100-continue", "Content-Length": 4 } });
      request.flushHeaders();
      await event(request, "continue");
      request.end("body");
      const [response] = await event(request, "response");
      assert.equal(await text(response), "body");
    });

    test("HEAD has no body, and HTTP/1.0 closes", async (t) => {
      const service = await HttpService.start(t, secure, (_, response) => {
        response.setHeader("Content-Length", 4).end("body");
      });
      const head = await service.request("/", { method: "HEAD" });
      assert.deepEqual([head.headers["content-length"], head.body], ["4", ""]);
      const old = await service.exchange("GET / HTTP/1.0\r\n\r\n");
      assert.match(old, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n[^]*body$/);
    });

    test("bytes that are not HTTP reach clientError listeners, and are answered with 400 where there are none", async (t) => {
      const service = await HttpService.start(t, secure, echo);
      assert.match(await service.exchange("\x01\x02\r\n\r\n"), /^HTTP\/1\.1 400 Bad Request/);
      service.http.on("clientError", (error, socket) => socket.end(`${error.code}`));
      assert.match(await service.exchange("\x01\x02\r\n\r\n"), /^HPE_/);
    });

    test("many clients at once each get their own answer", async (t) => {
      const service = await HttpService.start(t, secure, echo);
      const bodies = Array.from({ length: 200 }, (_, i) => `${i}`.repeat(1 + i * 7));
      const answers = await Promise.all(bodies.map((body) => service.request("/", { method: "POST", body })));
      assert.deepEqual(answers.map(({ body }) => body), bodies);
    });

    test("an Express app works as on a server of its own", async (t) => {
      const app = express();
      app.use(express.json());
      app.get("/users/:id", (request, response) => response.json({ id: request.params.id, ip: request.ip, secure: request.secure }));
      app.post("/sum", (request, response) => response.json(request.body.reduce((sum, n) => sum + n, 0)));
      app.get("/fails", async () => {
        throw new Error("expected by the test");
      });
      app.use((error, _request, response, _next) => response.status(500).send(error.message));
      const service = await HttpService.start(t, secure, app);
      const user = JSON.parse((await service.request("/users/7")).body);
      assert.deepEqual([user.id, user.secure], ["7", secure]);
      assert.match(user.ip, /127\.0\.0\.1$/);
      const headers = { "Content-Type": "application/json" };
      assert.equal((await service.request("/sum", { method: "POST", headers, body: "[1,2,3]" })).body, "6");
      assert.deepEqual((await service.request("/fails")).body, "expected by the test");
      assert.equal((await service.request("/nothing")).status, 404);
    });

    test("sessions and requests share the port", async (t) => {
      const service = await HttpService.start(t, secure, echo);
      const { client, session } = await service.harness.join({ acks: true });
      const sent = Array.from({ length: 50 }, (_, i) => session.SendUTF8(`message ${i}`));
      const answers = await Promise.all(sent.map((_, i) => service.request("/", { method: "POST", body: `${i}` })));
      await Promise.all(sent);
      assert.deepEqual(answers.map(({ body }) => Number(body)), [...answers.keys()]);
      client.destroy();
    });
  });
}

describe("errors of listeners", () => {
  for (const [how, listener] of [
    ["throws", () => { throw new Error("expected by the test"); }],
    ["rejects", async () => { throw new Error("expected by the test"); }],
  ]) {
    test(`one that ${how} is reported and answered with 500, and the connection goes on`, async (t) => {
      const service = await HttpService.start(t, false);
      const errors = reports(service.server);
      service.http.once("request", listener);
      const socket = await service.connect();
      socket.write(GET);
      assert.match(await received(socket, "Internal Server Error\r\n"), /^HTTP\/1\.1 500 /);
      assert.deepEqual(errors, [["expected by the test", null, "listener of 'request' on http_server"]]);
      service.http.on("request", (_, response) => response.end("fine"));
      socket.write(GET);
      assert.match(await received(socket, "fine"), /^(?:Internal Server Error)?HTTP\/1\.1 200 OK/);
    });
  }

  test("what throws while a body arrives is reported, and other connections go on", async (t) => {
    const service = await HttpService.start(t, false, (request, response) => {
      if (request.method === "GET") return response.end("fine");
      request.on("data", () => {
        throw new Error("expected by the test");
      });
    });
    // A session whose number is that of the connection, and none of whose business it is.
    const { client } = await service.harness.join();
    const arrived = event(service.http, "request");
    const request = service.begin("/", { method: "POST" }).on("error", () => {});
    request.flushHeaders();
    await arrived;
    const reported = event(service.server, "error");
    request.end("body");
    const [error, session] = await reported;
    assert.deepEqual([error.message, session], ["expected by the test", null]);
    assert.equal((await service.request("/")).body, "fine");
    client.destroy();
  });
});
