"use strict";

// Listeners on requests, responses and their sockets that fail: they are reported and end nothing, not even where Node.js calls them by itself.

const assert = require("node:assert/strict");
const http = require("node:http");
const { describe, test } = require("node:test");

const { GET, HttpService, UPGRADE, connections, received } = require("../support/http-service");
const { event, until } = require("../support/wait");

const POST = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
const CONNECT = "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
/** More than a socket takes at once. */
const LARGE = 30 * 1024 * 1024;

/** What is on the server's `error` event next. */
async function report(service) {
  const [error, session, where] = await event(service.server, "error");
  assert.equal(session, null);
  return [error.message, where];
}

const careless = {
  throws: () => {
    throw new Error("careless");
  },
  rejects: async () => {
    throw new Error("careless");
  },
};

for (const [how, listener] of Object.entries(careless)) {
  describe(`a listener that ${how}`, () => {
    for (const name of ["data", "end"]) {
      test(`of '${name}' on a request is reported, and the request answered with 500`, async (t) => {
        const service = await HttpService.start(t, false, (request) => request.resume().once(name, listener));
        const reported = report(service);
        const socket = await service.connect();
        socket.write(POST);
        assert.match(await received(socket, "Internal Server Error\r\n"), /^HTTP\/1\.1 500 /);
        assert.deepEqual(await reported, ["careless", `listener of '${name}' on a request of http_server`]);
      });
    }

    for (const name of ["finish", "close"]) {
      test(`of '${name}' on a response is reported, and the connection goes on`, async (t) => {
        const service = await HttpService.start(t, false, (_, response) => response.once(name, listener).end("fine"));
        const socket = await service.connect();
        for (let n = 0; n < 2; n++) {
          const reported = report(service);
          socket.write(GET);
          await received(socket, "fine");
          assert.deepEqual(await reported, ["careless", `listener of '${name}' on a response of http_server`]);
        }
      });
    }

    for (const [name, expectation] of [["checkContinue", "100-continue"], ["checkExpectation", "the impossible"]]) {
      test(`of '${name}' is reported, and the request answered with 500`, async (t) => {
        const service = await HttpService.start(t, false, () => {});
        service.http.on(name, listener);
        const reported = report(service);
        const socket = await service.connect();
        socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nExpect: ${expectation}\r\nContent-Length: 3\r\n\r\n`);
        assert.match(await received(socket, "Internal Server Error"), /^HTTP\/1\.1 500 /);
        assert.deepEqual(await reported, ["careless", `listener of '${name}' on http_server`]);
      });
    }

    test("of 'request' is reported, and what it has answered goes out as a whole", async (t) => {
      const service = await HttpService.start(t, false, (_, response) => {
        response.end(Buffer.alloc(LARGE, "x"));
        return listener();
      });
      const reported = report(service);
      assert.equal((await service.request("/")).body.length, LARGE);
      assert.deepEqual(await reported, ["careless", "listener of 'request' on http_server"]);
    });

    for (const [name, head] of Object.entries({ upgrade: UPGRADE, connect: CONNECT, clientError: "no HTTP\r\n\r\n" })) {
      test(`of '${name}' is reported, and the connection closed`, async (t) => {
        const service = await HttpService.start(t, false, () => {});
        service.http.on(name, listener);
        const reported = report(service);
        assert.equal(await service.exchange(head), "");
        assert.deepEqual(await reported, ["careless", `listener of '${name}' on http_server`]);
        await until(async () => (await connections(service)) === 0, "no connection");
      });

      test(`of '${name}' is reported, and what it has answered goes out as a whole`, async (t) => {
        const service = await HttpService.start(t, false, () => {});
        service.http.on(name, (_, socket) => {
          socket.end(Buffer.alloc(LARGE, "x"));
          return listener();
        });
        const reported = report(service);
        assert.equal((await service.exchange(head)).length, LARGE);
        assert.deepEqual(await reported, ["careless", `listener of '${name}' on http_server`]);
        await until(async () => (await connections(service)) === 0, "no connection");
      });
    }

    for (const name of ["data", "readable"]) {
      test(`of 'upgrade' is reported, and the connection goes on where '${name}' has a listener`, async (t) => {
        const service = await HttpService.start(t, false);
        service.http.on("upgrade", (_, socket) => {
          socket.on(name, (chunk = socket.read()) => chunk !== null && socket.write(String(chunk).toUpperCase()));
          socket.write("listening");
          return listener();
        });
        const reported = report(service);
        const socket = await service.connect();
        socket.write(UPGRADE);
        await received(socket, "listening");
        assert.deepEqual(await reported, ["careless", "listener of 'upgrade' on http_server"]);
        socket.write("heard");
        await received(socket, "HEARD");
      });
    }

    test("of 'close' on a socket is reported, and Node's own are called all the same", async (t) => {
      const service = await HttpService.start(t, false, (request, response) => {
        request.socket.prependOnceListener("close", listener);
        response.write("begun");
      });
      const requested = event(service.http, "request");
      const socket = await service.connect();
      socket.write(GET);
      const [, response] = await requested;
      await received(socket, "begun");
      const reported = report(service);
      const closed = event(response, "close");
      socket.destroy();
      assert.deepEqual(await reported, ["careless", "listener of 'close' on a connection of http_server"]);
      await closed;
    });
  });
}

describe("a request whose listener fails", () => {
  test("keeps the answer that it has got already", async (t) => {
    const service = await HttpService.start(t, false, (request, response) => {
      response.end("whole answer");
      request.resume().once("end", careless.throws);
    });
    const reported = report(service);
    const socket = await service.connect();
    socket.write(POST);
    assert.match(await received(socket, "whole answer"), /^HTTP\/1\.1 200 /);
    await reported;
  });

  test("is guarded also where a framework gives it another prototype", async (t) => {
    const service = await HttpService.start(t, false, (request, response) => {
      Object.setPrototypeOf(request, Object.create(http.IncomingMessage.prototype));
      Object.setPrototypeOf(response, Object.create(http.ServerResponse.prototype));
      request.resume().once("end", () => response.once("finish", careless.throws).end("fine"));
    });
    const reported = report(service);
    const socket = await service.connect();
    socket.write(POST);
    await received(socket, "fine");
    assert.deepEqual(await reported, ["careless", "listener of 'finish' on a response of http_server"]);
  });
});

describe("an error that nobody listens for", () => {
  test("of a response is reported", async (t) => {
    const service = await HttpService.start(t, false, (_, response) => {
      response.end("fine");
      response.write("more");
    });
    const reported = report(service);
    const socket = await service.connect();
    socket.write(GET);
    await received(socket, "fine");
    assert.deepEqual(await reported, ["write after end", "response of http_server"]);
  });

  // While there is more of a body to come, Node.js 26 and later have a stream of their own in the place of the socket.
  for (const [what, head] of [["", UPGRADE], [" with a body", UPGRADE.replace("\r\n\r\n", "\r\nContent-Length: 10\r\n\r\nabc")]]) {
    test(`of a socket that was upgraded${what} is reported`, async (t) => {
      const service = await HttpService.start(t, false);
      service.http.on("upgrade", (_, socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
      const upgraded = event(service.http, "upgrade");
      const socket = await service.connect();
      socket.write(head);
      await received(socket, "\r\n\r\n");
      const [, ours] = await upgraded;
      const reported = report(service);
      ours.destroy(new Error("broken"));
      assert.deepEqual(await reported, ["broken", "connection of http_server"]);
    });
  }
});

test("a callback of getConnections that throws is reported", async (t) => {
  const service = await HttpService.start(t, false);
  const reported = report(service);
  service.http.getConnections(careless.throws);
  assert.deepEqual(await reported, ["careless", "callback of getConnections"]);
});
