"use strict";

// Payloads below 1 MiB that can't be taken over for lack of memory: theirs is the only session, or connection, that ends, and whatever shares
// a batch with them is what was sent.

const assert = require("node:assert/strict");
const { text } = require("node:stream/consumers");
const { describe, it, test } = require("node:test");

const { Bridge } = require("../../lib/bridge/bridge.js");
const { EVENT, FLAG } = require("../../lib/bridge/codes.js");
const { AsyncContexts } = require("../../lib/bridge/async-contexts.js");
const { lost } = require("../../lib/bridge/lost.js");
const { HttpServerFacade } = require("../../lib/http/http-server.js");
const { requestHead, target } = require("../support/http");
const { GET, HttpService, gone, received } = require("../support/http-service");
const { failing, withoutMemory } = require("../support/memory");
const { joined } = require("../support/server");
const { together } = require("../support/together");
const { deferred, event, until } = require("../support/wait");

const LOST = "ERR_CRYO_PAYLOAD_LOST";
const CLOSE = { code: 4002, reason: "The server could not take over what has come." };
/** Whatever waits for a time-out comes too late for its test. */
const PATIENT = { closeTimeoutMs: 300_000 };

/** Frames whose payloads are told apart by what they are full of. */
const bytes = (length) => ["BINARYDATA", { payload: Buffer.alloc(length, length) }];
const ascii = (length) => ["UTF8DATA", { payload: String.fromCharCode(length % 64 + 64).repeat(length) }];
const wide = (length) => ["UTF8DATA", { payload: "€".repeat(length / 3) }];
const chunk = (length) => ["TX_CHUNK", { txId: 1, seq: 0, payload: Buffer.alloc(length, length) }];

const start = (streamName) => ["TX_START", { txId: 1, byteLength: -1, streamName }];

const noBuffer = (length) => (t) => withoutMemory(t, Buffer, "allocUnsafeSlow", (_, wanted) => wanted === length);
const noFirstBuffer = (t) => {
  let first = true;
  withoutMemory(t, Buffer, "allocUnsafeSlow", () => first && !(first = false));
};
const noPooledBuffer = (length) => (t) => withoutMemory(t, Buffer, "allocUnsafe", (_, wanted) => wanted === length);
const noText = (method, length) => (t) =>
  withoutMemory(t, Buffer.prototype, method, (self, start = 0, end = self.length) => end - start === length);

/** All that a session tells of what has come. */
function record(session) {
  const seen = [];
  for (const kind of ["message-utf8", "message-binary", "message-error"]) session.on(kind, (value) => seen.push(shown(value)));
  session.stream.on("tx-start", (txId, name) => seen.push(`stream ${name}`));
  session.stream.on("tx-chunk", (txId, value) => seen.push(shown(value)));
  session.on("closed", () => seen.push("closed"));
  return seen;
}

/** What a payload is full of, and how long it is. */
function shown(value) {
  const [first] = value;
  return [...value].every((part) => part === first) ? `${value.length} ${first}` : "a mixture";
}

describe("a lost payload of a session", () => {
  const cases = {
    "bytes, alone": { lost: bytes(39_100), others: [bytes(39_200), bytes(39_300)], fail: noBuffer(39_100) },
    "bytes, with those that share its memory": { lost: bytes(20_000), others: [bytes(20_001), bytes(20_002)], fail: noFirstBuffer },
    "a text, as bytes": { lost: ascii(39_100), others: [ascii(39_200), bytes(39_300)], fail: noBuffer(39_100) },
    "an ASCII text": { lost: ascii(39_100), others: [ascii(39_200), bytes(39_300)], fail: noText("latin1Slice", 39_100) },
    "another text": { lost: wide(39_000), others: [wide(39_300), bytes(39_400)], fail: noText("utf8Slice", 39_000) },
    "a piece of a stream": { lost: chunk(39_100), others: [bytes(39_200), chunk(39_300)], fail: noBuffer(39_100) },
    "few bytes, alone": { lost: bytes(201), others: [bytes(202), bytes(203)], fail: noPooledBuffer(201) },
    "few bytes, with those that share their memory": { lost: bytes(701), others: [bytes(702), bytes(703)], fail: noFirstBuffer },
    "a short text": { lost: wide(99), others: [wide(102), ascii(99)], fail: noText("utf8Slice", 99) },
    "a small piece of a stream": { lost: chunk(201), others: [chunk(202), bytes(203)], fail: noBuffer(201) },
  };
  for (const [what, { lost, others, fail }] of Object.entries(cases)) {
    test(`${what}: its session ends without delivering what came after it, and others get what they were sent`, async (t) => {
      const { harness, server, ...its } = await joined(t, PATIENT);
      const other = await harness.join();
      const seen = [record(its.session), record(other.session)];
      const reports = [];
      server.on("error", (...report) => reports.push(report));
      const [delivered, closed] = [event(other.session, "message-error"), event(its.session, "closed")];
      const behind = [bytes(39_500), ascii(40), bytes(41), chunk(42)];
      together(
        ...[its, other].map((each) => [each, start("up")]),
        [its, lost],
        ...others.map((frame) => [other, frame]),
        ...behind.map((frame) => [its, frame]),
        [other, ["ERROR", { payload: "." }]],
      );
      fail(t);
      await delivered;
      assert.deepEqual(await its.client.closed(), CLOSE);
      await closed;

      const sent = others.map(([, { payload }]) => shown(payload));
      assert.deepEqual(seen, [
        ["stream up", "closed"],
        ["stream up", ...sent, "1 ."],
      ]);
      assert.equal(reports.length, 1);
      const [error, whose, where] = reports[0];
      assert.deepEqual([error.code, whose, where], [LOST, its.session, "delivery"]);
      assert.match(error.message, new RegExp(`${Buffer.byteLength(lost[1].payload)} bytes.*Array buffer allocation failed`));
      assert.equal(error.cause.message, "Array buffer allocation failed");
      assert.equal((await harness.join()).session.sid, 3n, "the server goes on");
    });
  }

  const NAME = "€".repeat(33);
  const gated = {
    "a message": { frame: bytes(39_100), fail: noBuffer(39_100) },
    "a stream's name, which was kept": { frame: start(NAME), fail: noText("utf8Slice", 99) },
    "a piece of a stream": { frame: chunk(39_100), fail: noBuffer(39_100) },
  };
  for (const [what, { frame, fail }] of Object.entries(gated)) {
    test(`${what}: what came before it is still delivered, after its hooks`, async (t) => {
      const { harness, server, ...its } = await joined(t, PATIENT);
      const other = await harness.join();
      const gate = deferred();
      server.RegisterExtension({ name: "gate", on_receive_utf8: () => gate.promise });
      const seen = record(its.session);
      const [reported, closed] = [event(server, "error"), event(its.session, "closed")];
      const delivered = event(other.session, "message-error");
      const frames = [start("up"), ["UTF8DATA", { payload: "!!" }], bytes(40), frame, bytes(41)];
      together(...frames.map((each) => [its, each]), [other, ["ERROR", { payload: "." }]]);
      fail(t);
      await delivered;
      assert.deepEqual(seen, ["stream up"]);
      gate.resolve();
      const [error, whose, where] = await reported;
      assert.deepEqual([error.code, whose, where], [LOST, its.session, "delivery"]);
      assert.deepEqual(await its.client.closed(), CLOSE);
      await closed;
      assert.deepEqual(seen, ["stream up", "2 !", "40 40", "closed"]);
    });
  }

  test("counts as unread until its session has ended, like those after it, and is reported once", async (t) => {
    const { harness, server, client, session } = await joined(t, { ...PATIENT, maxUnreadBytes: 60_000 });
    const other = await harness.join();
    const gate = deferred();
    server.RegisterExtension({ name: "gate", before_send_utf8: () => gate.promise });
    const reports = [];
    server.on("error", (...report) => reports.push(report));
    noBuffer(39_100)(t);
    session.SendUTF8("sent before");
    const reported = event(server, "error");
    const closed = event(session, "closed");
    const first = client.send(...bytes(39_100));
    await reported;
    const second = client.send(...bytes(39_100));
    assert.equal((await client.nextOf("ACK")).ack, first);
    assert.equal((await client.nextOf("ACK")).ack, second);
    client.send(...bytes(39_100));
    for (let round = 0; round < 20; round++) {
      const ack = other.client.send("BINARYDATA", { payload: "goes on" });
      assert.equal((await other.client.nextOf("ACK")).ack, ack);
    }
    gate.resolve();
    assert.equal((await client.next()).payload, "sent before");
    assert.deepEqual(await client.closed(), CLOSE);
    await closed;
    assert.equal(reports.length, 1);
  });
});

it("a payload that native code refuses is lost: memory that was never written is not delivered", () => {
  const calls = [];
  let left = 2;
  const bridge = new Bridge();
  const native = {
    exchange: () => (left-- === 2 ? 2 : 0),
    takeLarge(target) {
      calls.push(`take ${target.length}`);
      return calls.length > 1;
    },
    skipLarge: () => calls.push("skip"),
  };
  bridge.arrays.words.set([EVENT.Binary, EVENT.Binary].flatMap((code, slot) => [slot, code | (FLAG.LARGE << 8), 0, 0, 39_100 + slot]));
  const taken = [];
  const take = (payload) => {
    try {
      return payload.buffer().length;
    } catch (error) {
      return `${error.code}: ${error.cause.message}`;
    }
  };
  bridge.attach(native, { event: (code, slot, a, b, payload) => taken.push(take(payload)) === 0 });
  bridge.wake();
  assert.deepEqual(calls, ["take 39100", "skip", "take 39101"]);
  assert.deepEqual(taken, [`${LOST}: it is not as long as its event says`, 39_101]);
});

describe("a lost payload of a connection of `http_server`", () => {
  for (const secure of [false, true]) {
    test(`${secure ? "TLS" : "plain"}: its connection is destroyed, others go on`, async (t) => {
      const body = deferred();
      const service = await HttpService.start(t, secure, (request, response) => {
        if (request.method === "GET") return response.end("done");
        body.resolve(text(request).catch((error) => error));
      });
      const [reported, unfit] = [event(service.server, "error"), event(service.http, "clientError")];
      const socket = await service.connect();
      const closed = gone(socket);
      const arrived = event(service.http, "request");
      socket.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\nfirst");
      await arrived;
      noPooledBuffer(3003)(t);
      socket.write(Buffer.alloc(3003, "a"));
      const [error, session, where] = await reported;
      assert.deepEqual([error.code, session, where], [LOST, null, "connection of http_server"]);
      socket.end(Buffer.alloc(5992, "b"));
      assert.equal((await unfit)[0], error);
      assert.equal((await body.promise).code, "ECONNRESET");
      await closed;
      const next = await service.connect();
      next.write(GET);
      await received(next, "done");
    });
  }

  /** An `http_server` of connections without sockets, and the errors that it reports. */
  function unconnected(takeHttpSocket) {
    const errors = [];
    const facade = new HttpServerFacade({
      secure: false,
      native: { takeHttpSocket, setWanted() {} },
      contexts: new AsyncContexts(),
      listening: { address: "127.0.0.1", family: "IPv4", port: 1 },
      destroy: async () => {},
      failed: (error) => errors.push(error),
    });
    return { facade, errors };
  }

  const ADDRESSES = { text: () => "127.0.0.1\n50000\n127.0.0.1\n1" };

  it("that held the addresses of a new connection leaves the next connection its own socket", () => {
    const sockets = ["first", "second"].map((name) => ({ consume() {}, destroy: () => (destroyed[name] = true) }));
    const destroyed = {};
    const { facade, errors } = unconnected(() => sockets.shift());
    const connections = [];
    facade.server.on("connection", (socket) => connections.push(socket));
    facade.event(EVENT.HttpOpened, 1, { text: failing });
    facade.event(EVENT.HttpOpened, 2, ADDRESSES);
    assert.equal(errors.length, 1);
    assert.deepEqual(destroyed, { first: true });
    assert.deepEqual(connections.map(({ remotePort }) => remotePort), [50_000]);
    facade.closed();
    assert.deepEqual(destroyed, { first: true, second: true });
  });

  it("that was under way when its connection was given back closes it", async () => {
    const calls = [];
    const native = { giveBack: (bytes, consumed) => calls.push([bytes.length, consumed]), destroy: () => calls.push("destroy") };
    const { facade, errors } = unconnected(() => native);
    const come = (buffer) => facade.event(EVENT.HttpData, 1, { buffer });
    const head = Buffer.from(requestHead(target(7n)));
    facade.event(EVENT.HttpOpened, 1, ADDRESSES);
    come(() => head);
    await until(() => calls.length > 0, "the upgrade");
    come(() => Buffer.alloc(5));
    assert.equal(calls.length, 2);
    come(() => {
      throw lost(5, new Error("no memory"));
    });
    come(() => Buffer.alloc(5));
    assert.deepEqual(calls.slice(1), [[5, 5], "destroy"]);
    assert.deepEqual(errors.map(({ code }) => code), [LOST]);
  });
});
