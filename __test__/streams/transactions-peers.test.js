"use strict";

// Streams between two servers of this package, each with its own half of the numbers.

const assert = require("node:assert/strict");
const { buffer } = require("node:stream/consumers");
const { test } = require("node:test");

const { Harness } = require("../support/server");
const { noise, pieces, sha256 } = require("../support/transactions");
const { event } = require("../support/wait");

/** Two servers, and a session between them, by its two ends. */
async function ends(t, options) {
  const [here, there] = await Promise.all([Harness.start(t), Harness.start(t, options)]);
  const arrival = event(there.server, "session");
  const bothConnected = arrival.then(([session]) => event(session, "connected"));
  const peer = await here.server.ConnectPeer(`ws://127.0.0.1:${there.port}`, "tok");
  await Promise.all([event(peer, "connected"), bothConnected]);
  return [peer, (await arrival)[0]];
}

test("whole bodies go both ways at once", async (t) => {
  const sessions = await ends(t, {});
  const bodies = [noise(4_000_000, 1), noise(3_000_001, 2)];
  const received = sessions.map((session) => session.WaitForStream("body"));
  const sent = sessions.map((session, side) => session.Stream(pieces(bodies[side], 100_000), "body"));
  const [fromOther, fromOne] = await Promise.all(received.map(async (stream) => sha256(await buffer(await stream))));
  await Promise.all(sent);
  assert.deepEqual([fromOne, fromOther], bodies.map(sha256));
});

test("a stream is fetched in ranges", async (t) => {
  const [peer, session] = await ends(t, {});
  await peer.SetIncomingFlowControl(1);
  const body = noise(1_000_000);
  const sent = session.Stream(pieces(body, 50_000), "body");
  const stream = await peer.WaitForStream("body");
  assert.equal(stream.announcedBytes, body.length);
  const received = buffer(stream);
  await peer.StreamFetchRange(stream, 0, 10);
  await peer.StreamFetchRange(stream, 10, 20);
  assert.equal(sha256(await received), sha256(body));
  await sent;
});

test("a source that fails cancels its own stream, and not the one that goes the other way", async (t) => {
  const [peer, session] = await ends(t, {});
  const failing = (async function* () {
    yield "a";
    await event(session, "message-utf8");
    throw new Error("no");
  })();
  const [up, down] = [peer.WaitForStream("failing"), session.WaitForStream("other")];
  session.Stream(failing, "failing");
  const body = noise(2_000_000);
  peer.Stream(pieces(body, 10_000), "other");
  const cut = assert.rejects(buffer(await up), { code: "ERR_CRYO_STREAM_CANCELLED" });
  await down;
  peer.SendUTF8("now");
  await cut;
  assert.equal(sha256(await buffer(await down)), sha256(body));
});
