"use strict";

// RFC 6455 as the server keeps it: what breaks it ends its own connection, with the right code, and no other.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { WebSocket } = require("ws");

const certificate = require("../support/certs");
const { MAX_PAYLOAD, decode, encode } = require("../support/frames");
const { target } = require("../support/http");
const { Inbox } = require("../support/inbox");
const { assertServed } = require("../support/pair");
const { Harness, joined } = require("../support/server");
const { VIOLATIONS } = require("../support/violations");
const { event } = require("../support/wait");
const { OPCODES, encodeFrame } = require("../support/websocket");

const { CONTINUATION, CLOSE, PING } = OPCODES;

describe("violations", () => {
  for (const [title, [code, ...frames]] of Object.entries(VIOLATIONS)) {
    test(`${title}: ${code}`, async (t) => {
      const { harness, client, session } = await joined(t, { closeTimeoutMs: 300 });
      const neighbour = await harness.join();
      const closed = event(session, "closed");
      client.write(Buffer.concat(frames));
      assert.equal((await client.closed()).code, code);
      await closed;
      await assertServed(neighbour);
    });
  }

  test("a flood of fragments: 1008 or 1009", async (t) => {
    const { harness, client } = await joined(t);
    const neighbour = await harness.join();
    const ended = client.closed().then(({ code }) => code);
    client.write(encodeFrame(Buffer.from("x"), { fin: false }));
    const fragments = Buffer.concat(
      Array.from({ length: 10_000 }, () => encodeFrame(Buffer.from("x"), { opcode: CONTINUATION, fin: false })),
    );
    let code = null;
    for (let i = 0; i < 50 && code === null; i++) {
      client.write(fragments);
      await assertServed(neighbour);
      code = await Promise.race([ended, null]);
    }
    code ??= await ended;
    assert.ok([1008, 1009].includes(code), `code ${code}`);
  });
});

describe("what the RFC allows", () => {
  test("a message in fragments, with a ping among them", async (t) => {
    const { client, session } = await joined(t);
    const message = event(session, "message-utf8");
    const bytes = client.encode("UTF8DATA", { payload: "in three parts" });
    client.write(encodeFrame(bytes.subarray(0, 3), { fin: false }));
    client.write(encodeFrame(Buffer.from("alive?"), { opcode: PING }));
    client.write(encodeFrame(bytes.subarray(3, 20), { opcode: CONTINUATION, fin: false }));
    client.write(encodeFrame(Buffer.alloc(0), { opcode: CONTINUATION, fin: false }));
    client.write(encodeFrame(bytes.subarray(20), { opcode: CONTINUATION }));
    assert.deepEqual(await message, ["in three parts"]);
    assert.equal((await client.wsPongs.next("a pong")).toString(), "alive?");
  });

  test("a message that arrives byte by byte", async (t) => {
    const { client, session } = await joined(t);
    const message = event(session, "message-utf8");
    for (const byte of client.message("UTF8DATA", { payload: "drip" })) {
      client.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(await message, ["drip"]);
  });

  test("a close without a code", async (t) => {
    const { client, session } = await joined(t);
    const closed = event(session, "closed");
    client.write(encodeFrame(Buffer.alloc(0), { opcode: CLOSE }));
    assert.deepEqual(await client.closed(), { code: 1000, reason: "" });
    await closed;
  });
});

describe("maxPayload", () => {
  test("admits a payload of exactly its size, and closes with 1009 above it", async (t) => {
    const { client, session } = await joined(t, { maxPayload: 1000 });
    const lengths = [];
    session.on("message-binary", ({ length }) => lengths.push(length));
    const closed = event(session, "closed");
    client.send("BINARYDATA", { payload: Buffer.alloc(1000) });
    client.send("BINARYDATA", { payload: Buffer.alloc(1001) });
    assert.equal((await client.closed()).code, 1009);
    await closed;
    assert.deepEqual(lengths, [1000]);
  });

  test("is 16 MiB by default", async (t) => {
    const { client } = await joined(t);
    const ack = client.send("BINARYDATA", { payload: Buffer.alloc(MAX_PAYLOAD) });
    assert.equal((await client.nextOf("ACK")).ack, ack);
    client.send("BINARYDATA", { payload: Buffer.alloc(MAX_PAYLOAD + 1) });
    assert.equal((await client.closed()).code, 1009);
  });
});

// A client that shares nothing with this suite's own.
for (const [transport, scheme, options] of [
  ["plain", "ws", {}],
  ["TLS", "wss", { ssl: certificate }],
]) {
  test(`the client of the package ws, which offers permessage-deflate, ${transport}`, async (t) => {
    const harness = await Harness.start(t, options);
    harness.server.on("session", (session) => {
      session.on("message-utf8", (text) => session.SendUTF8(text.toUpperCase()));
    });
    const socket = new WebSocket(`${scheme}://localhost:${harness.port}${target(9n)}`, { ca: certificate.cert });
    t.after(() => socket.terminate());
    const messages = new Inbox();
    socket.on("message", (data, isBinary) => messages.push({ ...decode(data), isBinary }));
    await event(socket, "open");
    assert.equal(socket.extensions, "");
    socket.send(encode("UTF8DATA", { sid: 9n, ack: 0, payload: "hello" }));
    for (const name of ["ENDPOINT_INFO", "ACK", "UTF8DATA"]) {
      const message = await messages.next(name);
      assert.equal(message.name, name);
      assert.equal(message.isBinary, true);
      if (name === "UTF8DATA") assert.equal(message.payload, "HELLO");
    }
    socket.close(1000);
    await event(socket, "close");
  });
}
