"use strict";

// How connections of `http_server` end: by its methods, its time-outs, other protocols, and with the server.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { GET, HttpService, gone, received, text } = require("../support/http-service");
const { spawnApp } = require("../support/process");
const { deferred, event, settled, within } = require("../support/wait");

const HALF = "GET / HTTP/1.1\r\nHost";
/** In ms: a connection, its TLS and its head have to be through by then, on any machine. */
const HANDSHAKE = 3000;
/** In ms: longer than any test may take. */
const NEVER = 600_000;

/** Answers all but `/wait`. */
const patient = (request, response) => {
  if (request.url !== "/wait") response.end("done");
};

/** A connection whose request was answered. */
async function idle(service) {
  const socket = await service.connect();
  socket.write(GET);
  await received(socket, "done");
  return socket;
}

/** A connection whose request was not, and its response. */
async function busy(service) {
  const socket = await service.connect();
  const arrival = event(service.http, "request");
  socket.write(GET.replace("/", "/wait"));
  const [, response] = await arrival;
  return { socket, response };
}

for (const secure of [false, true]) {
  describe(secure ? "TLS" : "plain", () => {
    test("closeIdleConnections spares the busy ones, closeAllConnections does not", async (t) => {
      const service = await HttpService.start(t, secure, patient);
      const resting = await idle(service);
      const { socket, response } = await busy(service);
      service.http.closeIdleConnections();
      assert.equal(await text(resting), "");
      response.write("half");
      await received(socket, "half");
      const closed = gone(socket);
      service.http.closeAllConnections();
      socket.end();
      await closed;
    });

    test("keepAliveTimeout, timeout and maxRequestsPerSocket close as they do in node:http", async (t) => {
      const service = await HttpService.start(t, secure, patient);
      Object.assign(service.http, { keepAliveTimeout: 20, keepAliveTimeoutBuffer: 0 });
      assert.equal(await text(await idle(service)), "");
      service.http.keepAliveTimeout = 5000;
      service.http.timeout = 20;
      const { socket } = await busy(service);
      assert.equal(await text(socket), "");
      service.http.timeout = 0;
      service.http.maxRequestsPerSocket = 2;
      const answers = await service.exchange(GET + GET, "Connection: close");
      assert.deepEqual(answers.match(/Connection: .*/g), ["Connection: keep-alive", "Connection: close"]);
    });

    test("a later head that does not end is answered with 408", async (t) => {
      const service = await HttpService.start(t, secure, patient);
      Object.assign(service.http, { headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 20 });
      // Node.js begins to look every so often when it hears this.
      service.http.emit("listening");
      const socket = await idle(service);
      socket.write(HALF);
      assert.match(await text(socket), /^(?:done)?HTTP\/1\.1 408 /);
    });

    test("a first head that does not end is answered with 408 at the handshake's deadline", async (t) => {
      const service = await HttpService.start(t, secure, patient, { handshakeTimeoutMs: HANDSHAKE });
      assert.match(await service.exchange(HALF), /^HTTP\/1\.1 408 /);
    });

    test("the handshake's deadline and limit end with the head", async (t) => {
      const service = await HttpService.start(t, secure, patient, { handshakeTimeoutMs: HANDSHAKE, maxPendingHandshakes: 1 });
      const waiting = [await busy(service), await busy(service), await busy(service)];
      // Later than the deadline: the server itself has told another connection that it is.
      await service.exchange(HALF);
      for (const { socket, response } of waiting) {
        response.end("late");
        await received(socket, "late");
      }
    });

    test("Destroy() waits for answers under way, and closes idle connections", async (t) => {
      const service = await HttpService.start(t, secure, patient);
      const resting = await idle(service);
      const { socket, response } = await busy(service);
      const destroyed = service.server.Destroy();
      assert.equal(await text(resting), "");
      response.end("the end");
      assert.match(await text(socket), /the end/);
      await within(destroyed, "Destroy()");
      assert.equal(service.http.listening, false);
    });

    test("Destroy() waits for closeTimeoutMs, and no longer, for answers that don't come", async (t) => {
      const ended = [];
      const prepare = async (closeTimeoutMs) => {
        const service = await HttpService.start(t, secure, patient, { closeTimeoutMs });
        const { socket, response } = await busy(service);
        const ends = [event(response, "close"), event(service.http, "close")];
        socket.resume().on("error", () => {});
        return async () => {
          const start = performance.now();
          await within(service.server.Destroy(), "Destroy()", 10_000);
          ended.push(closeTimeoutMs);
          await Promise.all(ends);
          // Timers count whole milliseconds.
          assert.ok(performance.now() - start >= closeTimeoutMs - 1, "it was too early");
        };
      };
      // The one that has more time begins first.
      const destructions = [await prepare(1000), await prepare(50)];
      await Promise.all(destructions.map((destroy) => destroy()));
      assert.deepEqual(ended, [50, 1000]);
    });

    test("Drain() waits for answers under way until its deadline, and for closeTimeoutMs more", async (t) => {
      const service = await HttpService.start(t, secure, patient, { closeTimeoutMs: 1 });
      const [answered, left] = [await busy(service), await busy(service)];
      const drained = service.server.Drain(60_000);
      // Another server's end is the clock.
      const other = await HttpService.start(t, secure, patient, { closeTimeoutMs: 200 });
      await busy(other);
      await within(other.server.Destroy(), "Destroy()");
      answered.response.end("the end");
      assert.match(await text(answered.socket), /the end/);
      const closed = gone(left.socket);
      assert.equal(await settled(drained), false);
      // As at the deadline.
      void service.server.Destroy();
      left.socket.end();
      await Promise.all([closed, within(drained, "Drain()")]);
    });

    for (const method of ["Destroy", "Drain"]) {
      test(`${method}() waits for the answer under way on a connection, not for another request`, async (t) => {
        const service = await HttpService.start(t, secure, patient, { closeTimeoutMs: NEVER });
        Object.assign(service.http, { keepAliveTimeout: NEVER, keepAliveTimeoutBuffer: 0 });
        const { socket, response } = await busy(service);
        const ended = service.server[method](NEVER);
        response.end("the end");
        assert.match(await text(socket), /the end/);
        await within(ended, `${method}()`);
      });
    }

    for (const method of ["Destroy", "Drain", "close"]) {
      test(`listening is false and address() null from ${method}() on, as in node:http`, async (t) => {
        const service = await HttpService.start(t, secure, patient);
        const { socket, response } = await busy(service);
        const { session } = await service.harness.join();
        const closed = event(service.http, "close");
        assert.equal(service.http.listening, true);
        if (method === "close") service.http.close();
        else void service.server[method]();
        assert.equal(service.http.listening, false);
        assert.equal(service.http.address(), null);
        // It is not closed before all is.
        assert.equal(await settled(closed), false);
        session.Close();
        response.end("the end");
        assert.match(await text(socket), /the end/);
        await closed;
        await within(service.server.Destroy(), "Destroy()");
      });
    }

    test("close() while the server is ending calls back when all is closed", async (t) => {
      const service = await HttpService.start(t, secure, patient);
      await service.harness.join();
      const drained = service.server.Drain(60_000);
      const closed = deferred();
      service.http.close(closed.resolve);
      assert.equal(await within(closed.promise, "the callback"), undefined);
      await within(drained, "Drain()");
    });

    test("close() calls back when all is closed", async (t) => {
      const service = await HttpService.start(t, secure, patient);
      await idle(service);
      const closed = deferred();
      service.http.close(closed.resolve);
      const meanwhile = deferred();
      service.http.close(meanwhile.resolve);
      assert.equal(await within(closed.promise, "the callback"), undefined);
      const again = deferred();
      service.http.close(again.resolve);
      for (const { promise } of [meanwhile, again]) {
        assert.equal((await within(promise, "a later callback")).code, "ERR_SERVER_NOT_RUNNING");
      }
    });
  });
}

describe("other protocols", () => {
  const UPGRADE = "GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n";

  test("an upgrade to another protocol reaches `upgrade` listeners, with what follows it", async (t) => {
    const service = await HttpService.start(t, false);
    assert.match(await service.exchange(UPGRADE), /^HTTP\/1\.1 426 /);
    service.http.on("upgrade", (_, socket, head) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n");
      socket.write(head.toString().toUpperCase());
      socket.on("data", (chunk) => socket.write(chunk.toString().toUpperCase()));
      socket.on("end", () => socket.end());
    });
    const socket = await service.connect();
    socket.write(`${UPGRADE}hello`);
    await received(socket, "HELLO");
    socket.end("again");
    assert.equal(await text(socket), "AGAIN");
    assert.match(await service.exchange(GET), /^HTTP\/1\.1 426 /, "nobody listens for requests");
  });

  test("an upgrade to another protocol is a request like any other where nobody listens for `upgrade`", async (t) => {
    const service = await HttpService.start(t, false, patient);
    const socket = await service.connect();
    socket.write(UPGRADE);
    assert.match(await received(socket, "done"), /^HTTP\/1\.1 200 /);
  });

  test("CONNECT reaches `connect` listeners", async (t) => {
    const service = await HttpService.start(t, false);
    service.http.on("connect", (request, socket) => socket.resume().end(`to ${request.url}`));
    assert.equal(await service.exchange("CONNECT example:1 HTTP/1.1\r\nHost: example:1\r\n\r\n"), "to example:1");
  });
});

describe("the process", () => {
  test("ends by itself after Destroy(), whatever its clients keep open", async (t) => {
    const app = spawnApp(t, ({ cryo }) => {
      const http = require("node:http");
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0, closeTimeoutMs: 50 });
      server.http_server.on("request", (request, response) => {
        if (request.url === "/") response.end("done");
        else server.Destroy();
      });
      server.on("listening", () => {
        const { port } = server.http_server.address();
        const agent = new http.Agent({ keepAlive: true });
        http.get({ port, agent }, (response) => {
          response.resume().on("end", () => http.get({ port, path: "/wait", agent: false }).on("error", () => {}));
        });
      });
    });
    assert.deepEqual(await app.exit(), { code: 0, signal: null, stdout: "", stderr: "" });
  });
});
