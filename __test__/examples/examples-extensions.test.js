"use strict";

// The extensions of examples/: each registered at a server, with a client at the other end.

const assert = require("node:assert/strict");
const { test } = require("node:test");
const zlib = require("node:zlib");

const { Compression } = require("../../examples/extensions/compression.js");
const { RateLimit } = require("../../examples/extensions/rate-limit.js");
const { joined } = require("../support/server");
const { event } = require("../support/wait");

/** Texts that the session has emitted. */
function textsOf(session) {
  const texts = [];
  session.on("message-utf8", (text) => texts.push(text));
  return texts;
}

test("a rate limit drops what is over it, says so once, and lets more pass as time goes by", async (t) => {
  const { server, session, client } = await joined(t, {}, { acks: true });
  let now = 0;
  server.RegisterExtension(new RateLimit({ perSecond: 2, now: () => now }));
  const texts = textsOf(session);
  let warnings = 0;
  /** Sends a text, and waits for its ACK, which follows the hook's verdict. */
  const send = async (text) => {
    const ack = client.send("UTF8DATA", { payload: text });
    for (let frame = await client.next(); frame.name !== "ACK" || frame.ack !== ack; frame = await client.next()) {
      if (frame.name === "ERROR") warnings++;
    }
  };
  for (const text of ["1", "2", "3", "4"]) await send(text);
  assert.deepEqual(texts, ["1", "2"]);
  now += 500;
  for (const text of ["5", "6", "7"]) await send(text);
  assert.deepEqual(texts, ["1", "2", "5"]);
  assert.equal(warnings, 2);
});

test("each session has a rate limit of its own", async (t) => {
  const { server, session, client, harness } = await joined(t);
  server.RegisterExtension(new RateLimit({ perSecond: 1, now: () => 0 }));
  const other = await harness.join();
  const arrivals = [session, other.session].map((each) => event(each, "message-utf8"));
  client.send("UTF8DATA", { payload: "one" });
  other.client.send("UTF8DATA", { payload: "another" });
  assert.deepEqual(await Promise.all(arrivals), [["one"], ["another"]]);
});

test("compression deflates what is large and gets smaller", async (t) => {
  const { server, session, client } = await joined(t, {}, { acks: true });
  server.RegisterExtension(new Compression({ threshold: 100 }));
  const large = Buffer.alloc(10_000, "abc");
  void session.SendBinary(large);
  void session.SendBinary(Buffer.from("small"));
  const deflated = (await client.nextOf("BINARYDATA")).payload;
  assert.equal(deflated[0], 1);
  assert.ok(deflated.length < 200);
  assert.deepEqual(zlib.inflateRawSync(deflated.subarray(1)), large);
  assert.deepEqual((await client.nextOf("BINARYDATA")).payload, Buffer.from("\0small"));

  const arrived = event(session, "message-binary");
  client.send("BINARYDATA", { payload: deflated });
  assert.deepEqual(await arrived, [large]);
});

test("compression drops what it can't read and what would be too large", async (t) => {
  const { server, session, client } = await joined(t, {}, { acks: true });
  server.RegisterExtension(new Compression({ limit: 1000 }));
  const received = [];
  session.on("message-binary", (bytes) => received.push(String(bytes)));
  const bomb = Buffer.concat([Buffer.of(1), zlib.deflateRawSync(Buffer.alloc(1001))]);
  for (const payload of [bomb, Buffer.of(2, 0), Buffer.alloc(0)]) {
    client.send("BINARYDATA", { payload });
    assert.match(String((await client.nextOf("ERROR")).payload), /can't be decompressed/);
  }
  const arrived = event(session, "message-binary");
  client.send("BINARYDATA", { payload: Buffer.from("\0fine") });
  await arrived;
  assert.deepEqual(received, ["fine"]);
});
