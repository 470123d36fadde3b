"use strict";

// Messages both ways: what arrives is what was sent, all of it, in order.

const assert = require("node:assert/strict");
const { randomBytes } = require("node:crypto");
const { describe, test } = require("node:test");

const certificate = require("../support/certs");
const { Client } = require("../support/client");
const { MAX_PAYLOAD } = require("../support/frames");
const { spawnApp } = require("../support/process");
const { joined } = require("../support/server");
const { sha256 } = require("../support/transactions");
const { event, within } = require("../support/wait");

const TEXTS = {
  empty: "",
  ASCII: "hello",
  "two bytes a character": "héllo wörld",
  "other planes": "€ 😀 漢字 \u{10FFFF}",
  NUL: "\0null",
  long: "x".repeat(70_000),
};

const TRANSPORTS = [
  ["plain", {}],
  ["TLS", { ssl: certificate }],
];

for (const [transport, options] of TRANSPORTS) {
  describe(`to the server, ${transport}`, () => {
    for (const [title, text] of Object.entries(TEXTS)) {
      test(`text, ${title}`, async (t) => {
        const { client, session } = await joined(t, options);
        const [message, error] = [event(session, "message-utf8"), event(session, "message-error")];
        client.send("UTF8DATA", { payload: text });
        client.send("ERROR", { payload: text });
        assert.deepEqual(await message, [text]);
        assert.deepEqual(await error, [text]);
      });
    }

    for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000, MAX_PAYLOAD]) {
      test(`${size} bytes`, async (t) => {
        const { client, session } = await joined(t, options);
        const message = event(session, "message-binary");
        const payload = randomBytes(size);
        const ack = client.send("BINARYDATA", { payload });
        const [received, ...others] = await message;
        assert.ok(Buffer.isBuffer(received));
        assert.equal(received.length, size);
        assert.equal(sha256(received), sha256(payload));
        assert.deepEqual(others, []);
        assert.equal((await client.nextOf("ACK")).ack, ack);
      });
    }
  });

  describe(`to the client, ${transport}`, () => {
    for (const [title, text] of Object.entries(TEXTS)) {
      test(`text, ${title}`, async (t) => {
        const { client, session } = await joined(t, options);
        session.SendUTF8(text);
        session.base.SendError(text);
        assert.equal((await client.nextOf("UTF8DATA")).payload, text);
        assert.equal((await client.nextOf("ERROR")).payload, text);
      });
    }

    for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000, MAX_PAYLOAD]) {
      test(`${size} bytes`, async (t) => {
        const { client, session } = await joined(t, options, { acks: true });
        const payload = randomBytes(size);
        const sent = session.SendBinary(payload);
        const received = (await client.nextOf("BINARYDATA")).payload;
        assert.equal(received.length, size);
        assert.equal(sha256(received), sha256(payload));
        await within(sent, "the send");
      });
    }
  });
}

describe("what SendBinary takes", () => {
  const words = Uint16Array.of(0x1234, 0xff00, 1);
  const bytes = Buffer.from(words.buffer);
  const views = {
    Uint8Array: new Uint8Array(words.buffer),
    Uint16Array: words,
    "a part of a Uint16Array": new Uint16Array(Uint16Array.of(9, ...words, 9).buffer, 2, 3),
    DataView: new DataView(words.buffer),
    "a part of a DataView": new DataView(Uint8Array.of(9, 9, 9, ...bytes, 9).buffer, 3, 6),
    ArrayBuffer: words.buffer,
    "a slice of a Buffer": Buffer.concat([Buffer.from("xx"), bytes, Buffer.from("yy")]).subarray(2, 8),
  };
  for (const [title, view] of Object.entries(views)) {
    test(title, async (t) => {
      const { client, session } = await joined(t);
      session.SendBinary(view);
      assert.deepEqual((await client.nextOf("BINARYDATA")).payload, bytes);
    });
  }

  test("a buffer that is written to after the call", async (t) => {
    const { client, session } = await joined(t);
    const buffer = Buffer.from("as it was");
    session.SendBinary(buffer);
    buffer.fill("x");
    assert.equal((await client.nextOf("BINARYDATA")).payload.toString(), "as it was");
  });
});

describe("what can't be sent rejects", () => {
  test("more than 16 MiB", async (t) => {
    const { client, session } = await joined(t);
    const tooLarge = { code: "ERR_CRYO_PAYLOAD_TOO_LARGE" };
    await assert.rejects(session.SendBinary(Buffer.alloc(MAX_PAYLOAD + 1)), tooLarge);
    await assert.rejects(session.SendUTF8("x".repeat(MAX_PAYLOAD + 1)), tooLarge);
    await assert.rejects(session.SendUTF8("é".repeat(MAX_PAYLOAD / 2 + 1)), tooLarge);
    await assert.rejects(session.base.SendError("x".repeat(MAX_PAYLOAD + 1)), tooLarge);
    session.SendUTF8("the next one");
    assert.equal((await client.nextOf("UTF8DATA")).payload, "the next one");
  });

  test("another type", async (t) => {
    const { client, session } = await joined(t);
    for (const value of [42, null, undefined, {}, Buffer.from("text")]) {
      await assert.rejects(session.SendUTF8(value), TypeError);
    }
    for (const value of [42, null, undefined, {}, "text"]) await assert.rejects(session.SendBinary(value), TypeError);
    session.SendUTF8("the next one");
    assert.equal((await client.nextOf("UTF8DATA")).payload, "the next one");
  });

  test("without an unhandled rejection when nobody handles it", async (t) => {
    const app = spawnApp(t, async ({ cryo, send }) => {
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("session", async (session) => {
        session.SendUTF8(42);
        session.base.SendError(null);
        session.SendBinary(Buffer.alloc(16 * 1024 * 1024 + 1));
        await new Promise(setImmediate);
        await server.Destroy();
      });
    });
    const client = await Client.connect({ port: await app.next("the port") });
    await client.closed();
    const { code, stderr } = await app.exit();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });
});

describe("order", () => {
  // Kind and text of the nth of many messages.
  const KINDS = ["UTF8DATA", "BINARYDATA", "ERROR"];
  const nth = (n) => [KINDS[((n * 7) % 11) % 3], `${n} ${"x".repeat((n * 37) % 300)}`];

  test("of thousands of messages from the client, none of which changes later", async (t) => {
    const { client, session } = await joined(t);
    const received = [];
    session.on("message-utf8", (text) => received.push(["UTF8DATA", text]));
    session.on("message-binary", (buffer) => received.push(["BINARYDATA", buffer]));
    session.on("message-error", (text) => received.push(["ERROR", text]));
    const closed = event(session, "closed");
    const expected = Array.from({ length: 5000 }, (_, n) => nth(n));
    for (let n = 0; n < expected.length; n += 100) {
      client.write(
        Buffer.concat(expected.slice(n, n + 100).map(([name, text]) => client.message(name, { payload: text }))),
      );
    }
    for (let ack = 1; ack <= expected.length; ack++) assert.equal((await client.nextOf("ACK")).ack, ack);
    client.close();
    await closed;
    assert.deepEqual(
      received.map(([name, payload]) => [name, String(payload)]),
      expected,
    );
  });

  test("of thousands of messages from the server, sent at once", async (t) => {
    const { client, session } = await joined(t, {}, { acks: true });
    const expected = Array.from({ length: 3000 }, (_, n) => nth(n));
    const methods = { UTF8DATA: "SendUTF8", BINARYDATA: "SendBinary", ERROR: "SendError" };
    const sent = expected.map(([name, text]) =>
      session.base[methods[name]](name === "BINARYDATA" ? Buffer.from(text) : text),
    );
    const first = await client.next();
    for (let n = 0, frame = first; n < expected.length; n++) {
      assert.deepEqual([frame.name, String(frame.payload), frame.ack], [...expected[n], first.ack + n]);
      if (n + 1 < expected.length) frame = await client.next();
    }
    await within(Promise.all(sent), "the ACKs' arrival");
  });

  test("of answers from listeners that send at once, later and much later", async (t) => {
    const { client, session } = await joined(t);
    const expected = [];
    const send = (text) => {
      expected.push(text);
      session.SendUTF8(text);
    };
    session.on("message-utf8", async (text) => {
      send(`${text} at once`);
      await null;
      send(`${text} later`);
      setImmediate(send, `${text} much later`);
    });
    client.write(
      Buffer.concat(Array.from({ length: 200 }, (_, n) => client.message("UTF8DATA", { payload: String(n) }))),
    );
    const received = [];
    while (received.length < 600) received.push((await client.nextOf("UTF8DATA")).payload);
    assert.deepEqual(received, expected);
  });
});

describe("messages of all sizes at once", () => {
  const SIZES = [10, 5_000, 16 * 1024, 20_000, 40_000, 70_000];
  const nth = (n) => Buffer.alloc(SIZES[(n * 5 + (n >> 3)) % SIZES.length], `${n} `);
  const COUNT = 120;

  for (const [transport, options] of TRANSPORTS) {
    test(`arrive both ways, and none changes later, ${transport}`, async (t) => {
      const { client, session } = await joined(t, options);
      const received = [];
      session.on("message-binary", (buffer) => {
        received.push(buffer);
        session.SendBinary(buffer);
      });
      const messages = Array.from({ length: COUNT }, (_, n) => client.message("BINARYDATA", { payload: nth(n) }));
      client.write(Buffer.concat(messages));
      for (let n = 0; n < COUNT; n++) {
        assert.ok(nth(n).equals((await client.nextOf("BINARYDATA")).payload), `message ${n} is another one`);
      }
      received.forEach((buffer, n) => assert.ok(nth(n).equals(buffer), `message ${n} has changed`));
    });
  }
});

describe("what was received belongs to the application", () => {
  for (const size of [70_000, MAX_PAYLOAD]) {
    test(`which may give it to a worker without a copy, ${size} bytes`, async (t) => {
      const { client, session } = await joined(t);
      const arrival = event(session, "message-binary");
      client.send("BINARYDATA", { payload: Buffer.alloc(size, "x") });
      const [{ buffer, byteOffset, length }] = await arrival;
      const moved = structuredClone(buffer, { transfer: [buffer] });
      assert.equal(buffer.byteLength, 0);
      assert.ok(Buffer.from(moved, byteOffset, length).equals(Buffer.alloc(size, "x")));
    });
  }
});

describe("two sessions", () => {
  test("get their own messages", async (t) => {
    const { harness, ...first } = await joined(t);
    const pairs = [first, await harness.join(), await harness.join()];
    for (const { session } of pairs) {
      session.on("message-utf8", (text) => session.SendUTF8(`${text} to ${session.sid}`));
    }
    for (let n = 0; n < 100; n++) {
      for (const { client } of pairs) client.send("UTF8DATA", { payload: `${n} from ${client.sid}` });
    }
    for (const { client } of pairs) {
      for (let n = 0; n < 100; n++) {
        assert.equal((await client.nextOf("UTF8DATA")).payload, `${n} from ${client.sid} to ${client.sid}`);
      }
    }
  });
});
