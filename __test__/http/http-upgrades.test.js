"use strict";

// Upgrades to WebSocket and `http_server`: they are Cryo's, also where they follow other requests on a connection that is kept.

const assert = require("node:assert/strict");
const { EventEmitter } = require("node:events");
const { describe, test } = require("node:test");

const { stopAtUpgrades } = require("../../lib/http/upgrade.js");
const { encode } = require("../support/frames");
const { requestHead, target } = require("../support/http");
const { GET, HttpService, received, text } = require("../support/http-service");
const { separately } = require("../support/together");
const { event, until, within } = require("../support/wait");
const { encodeFrame } = require("../support/websocket");

const MIB = 1024 * 1024;
const UPGRADE = requestHead(target(7n));
/** The headers of a WebSocket's upgrade, with a method that has a tunnel. */
const CONNECT = "CONNECT example.com:80 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
/** An upgrade that an application may ignore. */
const H2C = "GET /h2c HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";

/** A message of the session that `UPGRADE` opens. */
const message = (ack, payload) => encodeFrame(encode("UTF8DATA", { sid: 7n, ack, payload }));

/** A service whose listeners of these events note what they see; requests are answered by `answer`. */
async function watched(t, secure, names, answer = (_, response) => response.end("done")) {
  const service = await HttpService.start(t, secure, answer);
  const seen = [];
  for (const name of names) service.http.on(name, ({ url }) => seen.push(`${name} ${url}`));
  return { service, seen };
}

/** A connection whose request was answered. */
async function idle(service) {
  const socket = await service.connect();
  socket.write(GET);
  await received(socket, "done");
  return socket;
}

for (const secure of [false, true]) {
  for (const names of [["request"], ["request", "upgrade"], ["request", "checkContinue"]]) {
    describe(`${secure ? "TLS" : "plain"}, with listeners of ${names.join(" and ")}`, () => {
      test("Cryo's upgrade may follow other requests", async (t) => {
        const { service, seen } = await watched(t, secure, names);
        const socket = await idle(service);
        const session = service.harness.session(7n);
        socket.write(UPGRADE);
        await received(socket, "\r\n\r\n");
        (await session).SendUTF8("welcome");
        await received(socket, "welcome");
        assert.deepEqual(seen, ["request /"]);
        const other = await idle(service);
        other.write(UPGRADE);
        assert.match(await text(other), /HTTP\/1\.1 401 /, "that session lives");
        socket.destroy();
      });

      test("what comes right behind such an upgrade is the session's", async (t) => {
        const { service } = await watched(t, secure, names);
        const socket = await idle(service);
        const first = service.harness.session(7n).then((session) => event(session, "message-utf8"));
        socket.write(Buffer.concat([Buffer.from(UPGRADE), message(1, "early")]));
        assert.deepEqual(await within(first, "the message"), ["early"]);
        socket.destroy();
      });

      test("one that follows a request without an answer yet is refused behind that answer", async (t) => {
        const { service, seen } = await watched(t, secure, names, () => {});
        const requested = event(service.http, "request");
        const socket = await service.connect();
        socket.write(GET + UPGRADE);
        const [, response] = await requested;
        response.end("the answer");
        const answers = await text(socket);
        assert.match(answers, /^HTTP\/1\.1 200 [^]*the answerHTTP\/1\.1 503 [^]*Connection: close\r\n/);
        assert.match(answers, /Upgrade request for \S+ was refused\. Earlier requests of this connection are not answered yet\./);
        assert.deepEqual(seen, ["request /"]);
      });

      test("one that follows an answer under way is refused behind it", async (t) => {
        const { service, seen } = await watched(t, secure, names, (_, response) => response.end(Buffer.alloc(30 * MIB, "x")));
        const answers = await service.exchange(GET + UPGRADE);
        assert.match(answers.slice(30 * MIB), /xHTTP\/1\.1 503 /);
        assert.deepEqual(seen, ["request /"]);
      });

      test("one that expects 100-continue is no other", async (t) => {
        const { service, seen } = await watched(t, secure, names, () => {});
        const requested = event(service.http, "request");
        const socket = await service.connect();
        socket.write(GET + requestHead(target(7n), { headers: { Expect: "100-continue" } }));
        (await requested)[1].end("the answer");
        assert.match(await text(socket), /the answerHTTP\/1\.1 (?:100 Continue\r\n\r\nHTTP\/1\.1 )?503 /);
        assert.deepEqual(seen, ["request /"]);
      });
    });
  }
}

describe("what comes behind an upgrade by itself, before the upgrade is noticed", () => {
  const EARLY = [UPGRADE, message(1, "early"), message(2, "earlier")];

  /** The messages of the session that the upgrade opens, one more among them when that is answered. */
  async function delivered({ server }, socket, begin) {
    const seen = [];
    server.on("session", (session) => session.on("message-utf8", (payload) => seen.push(payload)));
    await begin();
    await received(socket, "HTTP/1.1 101 ");
    socket.write(message(3, "late"));
    await until(() => seen.includes("late"), "the last message");
    socket.destroy();
    return seen;
  }

  for (const names of [["request"], ["request", "upgrade"]]) {
    test(`is the session's, with listeners of ${names.join(" and ")}`, async (t) => {
      const { service } = await watched(t, false, names);
      const socket = await idle(service);
      const begin = () => separately(socket, ...EARLY);
      assert.deepEqual(await delivered(service, socket, begin), ["early", "earlier", "late"]);
    });

    test(`is so also where Node.js does not read yet, with listeners of ${names.join(" and ")}`, async (t) => {
      const { service } = await watched(t, false, names, () => {});
      const socket = await service.connect();
      const begin = async () => {
        const requested = event(service.http, "request");
        socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200001\r\n\r\n${"x".repeat(200_000)}`);
        const [request, response] = await requested;
        await until(() => request.socket.isPaused(), "a request that nobody reads");
        separately(socket, "x", ...EARLY);
        await until(() => request.socket.bytesRead === socket.bytesWritten, "all that was sent");
        response.end("done");
      };
      assert.deepEqual(await delivered(service, socket, begin), ["early", "earlier", "late"]);
    });
  }
});

for (const names of [["request"], ["request", "upgrade"]]) {
  test(`with listeners of ${names.join(" and ")}, Cryo's upgrade is noticed also where Node.js keeps its parser elsewhere`, async (t) => {
    const { service, seen } = await watched(t, false, names);
    service.http.on("connection", (socket) => {
      const { parser } = socket;
      socket.parser = undefined;
      queueMicrotask(() => (socket.parser = parser));
    });
    const socket = await idle(service);
    socket.write(UPGRADE);
    assert.match(await received(socket, "\r\n\r\n"), /HTTP\/1\.1 101 /);
    assert.deepEqual(seen, ["request /"]);
  });
}

/** Connections to a service with a listener of `request`, and whether that was asked before. */
const PLACES = { "the first request": (service) => service.connect(), "a later request": idle };

for (const [place, connect] of Object.entries(PLACES)) {
  const send = async (service, request) => {
    const socket = await connect(service);
    socket.write(Buffer.from(request, "latin1"));
    return socket;
  };

  for (const field of ["Connection", "Upgrade"]) {
    for (const [name, odd] of Object.entries({ "a no-break space": "\xa0", "the control character NEL": "\x85" })) {
      test(`${name} is no white space in ${field} of ${place}: it is no upgrade`, async (t) => {
        const { service } = await watched(t, false, ["request"], ({ url }, response) => response.end(`done with ${url}.`));
        const { [field]: value } = { Connection: "Upgrade", Upgrade: "websocket" };
        const socket = await send(service, requestHead(target(7n), { headers: { [field]: odd + value } }));
        assert.match(await received(socket, `done with ${target(7n)}.`), /^HTTP\/1\.1 200 /);
        socket.destroy();
      });
    }
  }

  test(`a line of ${place} that ends without CR makes it malformed`, async (t) => {
    const { service, seen } = await watched(t, false, ["request"]);
    const socket = await send(service, requestHead(target(7n), { headers: { "X-Odd": "a\nX-Forwarded-For: 192.0.2.1" } }));
    assert.match(await text(socket), /^HTTP\/1\.1 400 /);
    assert.deepEqual(seen, place === "the first request" ? [] : ["request /"]);
  });
}

test("a first request with a line that ends without CR is malformed also where nobody else answers requests", async (t) => {
  const service = await HttpService.start(t, false);
  const answer = await service.exchange(requestHead(target(7n)).replaceAll("\r\n", "\n"));
  assert.match(answer, /^HTTP\/1\.1 400 [^]*Malformed request: invalid new line\./);
});

test("an upgrade behind a request whose socket was destroyed comes to nothing", async (t) => {
  const { service, seen } = await watched(t, false, ["request", "upgrade"], ({ socket }) => socket.destroy());
  service.server.on("session", () => seen.push("session"));
  assert.equal(await service.exchange(GET + UPGRADE), "");
  // Its session would have been opened before that of a later connection.
  const { client } = await service.harness.join();
  assert.deepEqual(seen, ["request /", "session"]);
  client.destroy();
});

test("a CONNECT with the headers of a WebSocket's upgrade changes nothing for the requests of others", async (t) => {
  const { service, seen } = await watched(t, false, ["request"]);
  for (const before of ["", GET]) {
    const socket = before === "" ? await idle(service) : await service.connect();
    socket.write(before + CONNECT);
    await text(socket);
    socket.destroy();
  }
  assert.match(await service.exchange(H2C, "done"), /^HTTP\/1\.1 200 /);
  assert.deepEqual(seen, ["request /", "request /", "request /h2c"]);
  assert.equal(service.http.listenerCount("upgrade"), 0);
});

test("a CONNECT with the headers of a WebSocket's upgrade goes to the listener of `connect`", async (t) => {
  const { service, seen } = await watched(t, false, ["request", "connect"]);
  service.http.on("connect", (_, socket) => socket.resume().end("tunnel"));
  const socket = await idle(service);
  socket.write(CONNECT);
  assert.equal(await text(socket), "tunnel");
  socket.destroy();
  assert.deepEqual(seen, ["request /", "connect example.com:80"]);
});

test("an upgrade that Node.js does not emit after all leaves no listener behind", async () => {
  const server = new EventEmitter();
  const parser = { onIncoming: () => assert.fail("it is Cryo's") };
  stopAtUpgrades(/** @type {any} */ ({ parser, destroyed: false, writableLength: 0 }));
  const request = { upgrade: true, method: "GET", headers: { connection: "upgrade", upgrade: "websocket" }, socket: { server } };
  assert.equal(/** @type {any} */ (parser).onIncoming(request, true), 2);
  assert.equal(server.listenerCount("upgrade"), 1);
  await null;
  assert.equal(server.listenerCount("upgrade"), 0);
});

test("`upgrade` and `request` listeners don't see what Cryo has handled", async (t) => {
  const service = await HttpService.start(t, false);
  const seen = [];
  for (const name of ["upgrade", "request", "connection"]) service.http.on(name, () => seen.push(name));
  await service.harness.join();
  const refused = await service.harness.request("/?authorization=Bearer%20wrong&x-cryo-sid=77");
  assert.equal(refused.status, 401);
  assert.deepEqual(seen, []);
});
