"use strict";

// What 3.0.9 was recorded to send, emit and answer (fixtures/transcripts.json), frame by frame and byte by byte.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { upgrades, sessions } = require("../fixtures/transcripts.json");
const frames = require("../fixtures/frames.json");
const { decode, encode } = require("../support/frames");
const { replay } = require("../support/replay");
const { Harness } = require("../support/server");
const { parseHead } = require("../support/http");

// What the application did in each session that can be replayed, as its `note` says; most only listened.
const APPLICATIONS = {
  hello: undefined,
  echo({ session }) {
    session.on("message-utf8", (text) => session.base.SendUTF8(text));
    session.on("message-binary", (buffer) => session.base.SendBinary(buffer));
  },
  "client-ping": undefined,
  "client-error": undefined,
  "server-sends"({ session }) {
    session.on("connected", () => {
      session.base.Ping();
      session.base.SendUTF8("one");
      session.base.SendBinary(Buffer.from("two"));
      session.base.SendError("three");
    });
  },
  "heartbeat-alive": undefined,
  "heartbeat-dead": undefined,
  "server-close"({ session }) {
    session.on("connected", () => session.Close("bye now"));
  },
  "client-bye": undefined,
  "version-mismatch": undefined,
  "server-destroy"({ session, server }) {
    session.on("connected", () => server.Destroy());
  },
};

describe("recorded sessions", () => {
  for (const [name, application] of Object.entries(APPLICATIONS)) {
    test(name, async (t) => {
      await replay(
        t,
        sessions.find((transcript) => transcript.name === name),
        application,
      );
    });
  }
});

describe("recorded answers to an upgrade", () => {
  for (const { name, request, response } of upgrades.filter(({ name }) => name !== "accepted")) {
    test(name, async (t) => {
      const harness = await Harness.start(t);
      if (name === "duplicate-sid") await harness.connect({ sid: 5n });
      const client = await harness.open();
      const { head, body } = await client.request(request);
      assert.equal(head + body, addressed(response, client.socket, harness.server));
      assert.deepEqual(await client.closed(), { code: 1006, reason: "" });
    });
  }

  test("accepted", async (t) => {
    const { request, response } = upgrades.find(({ name }) => name === "accepted");
    const harness = await Harness.start(t);
    const client = await harness.open();
    const { head } = await client.request(request);
    assert.equal(head, parseHead(Buffer.from(response)).response.head);
    const { raw } = await client.next();
    assert.equal(raw.toString("hex"), "0000000000000001ff00000000000000010000000000000001");
  });
});

// The recorded response for another peer than the one of the recording, in address and in length.
function addressed(response, { localAddress, localPort }, server) {
  const { family } = server.http_server.address();
  const peer = `${family === "IPv6" ? "::ffff:" : ""}${localAddress}:${localPort}`;
  const [head, body] = response.replace("::ffff:<peer>", peer).split("\r\n\r\n");
  return `${head.replace(/(?<=Content-Length: )\d+/, Buffer.byteLength(body))}\r\n\r\n${body}`;
}

// The codec that the whole suite relies on reads and writes the fixture's frames.
test("the test client's own codec", () => {
  for (const { name, fields, hex } of frames) {
    const typed = Object.fromEntries(Object.entries(fields).map(typedField));
    assert.equal(encode(name, typed).toString("hex"), hex);
    assert.deepEqual(decode(Buffer.from(hex, "hex")), { name, ...typed, raw: Buffer.from(hex, "hex") });
  }
});

// The fixture writes 64-bit integers as strings and bytes in hex, being JSON.
function typedField([field, value]) {
  if (field === "sid" || field === "features") return [field, BigInt(value)];
  if (field === "name") return ["streamName", value];
  if (field === "payloadHex") return ["payload", Buffer.from(value, "hex")];
  return [field, value];
}
