"use strict";

// Applications put methods and values of their own on sessions, as they could with 3.0.9.

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { buffer } = require("node:stream/consumers");

const { joined } = require("../support/server");
const { within } = require("../support/wait");
const { download, upload } = require("../support/transactions");

test("flat methods may be put over those of `base`, which 3.0.9's typings had alone", async (t) => {
  const { client, session } = await joined(t);
  session.SendUTF8 = (text) => session.base.SendUTF8(`${text}!`);
  session.SendBinary = (data) => session.base.SendBinary(data);
  session.SendError = (text) => session.base.SendError(text);
  session.SendPing = () => session.base.Ping();
  session.SendUTF8("text");
  session.SendBinary(Buffer.from("bytes"));
  session.SendError("error");
  session.SendPing();
  assert.equal((await client.nextOf("UTF8DATA")).payload, "text!");
  assert.equal((await client.nextOf("BINARYDATA")).payload.toString(), "bytes");
  assert.equal((await client.nextOf("ERROR")).payload, "error");
  await client.nextOf("PING_PONG");
});

test("and over those of `stream`", async (t) => {
  const { client, session } = await joined(t, {}, { acks: true });
  session.Stream = (...args) => session.stream.Stream(...args);
  session.WaitForStream = (...args) => session.stream.WaitForStream(...args);
  const streamed = session.Stream(Buffer.from("bytes"), "down");
  const { chunks } = await within(download(client), "the stream");
  assert.equal(Buffer.concat(chunks).toString(), "bytes");
  await within(streamed, "Stream()");
  const waiting = session.WaitForStream("up");
  upload(client, 1, "up", [Buffer.from("up")]);
  assert.equal((await buffer(await within(waiting, "WaitForStream()"))).toString(), "up");
});

for (const name of ["id", "request", "queued", "dropped"]) {
  test(`\`${name}\`, which 3.0.9 did not have, may be the application's own`, async (t) => {
    const { session } = await joined(t);
    const value = { its: "own" };
    session[name] = value;
    assert.equal(session[name], value);
    assert.ok(Object.keys(session).includes(name));
  });
}
