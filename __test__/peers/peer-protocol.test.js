"use strict";

// What ConnectPeer's sessions say to a server that is none of this package: `ws` for WebSocket, a test for Cryo.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { decode, encode } = require("../support/frames");
const { Inbox } = require("../support/inbox");
const { rawServer, wsServer } = require("../support/other-server");
const { Harness } = require("../support/server");
const { event, within } = require("../support/wait");
const { encodeFrame } = require("../support/websocket");

const INFO = { version: 1, features: 1n };

/** A peer's session, and the connection at the other server. */
async function meet(t, options) {
  const [{ server }, other] = await Promise.all([Harness.start(t, options), wsServer(t)]);
  const [peer, connection] = await Promise.all([server.ConnectPeer(other.url, "tok"), other.next()]);
  return { server, peer, connection };
}

/** As `meet`, and both have announced themselves. */
async function join(t, options) {
  const parts = await meet(t, options);
  const { peer, connection } = parts;
  const { ack } = await connection.nextOf("ENDPOINT_INFO");
  const arrival = event(peer, "connected");
  connection.send("ENDPOINT_INFO", { ack: 0, ...INFO });
  connection.send("ACK", { ack });
  await Promise.all([arrival, connection.nextOf("ACK")]);
  return parts;
}

describe("the beginning", () => {
  test("is an upgrade with the credentials, then ENDPOINT_INFO at once", async (t) => {
    const { peer, connection } = await meet(t);
    assert.equal(connection.url, `/?authorization=Bearer%20tok&x-cryo-sid=${peer.sid}`);
    const { name, sid, ack, version, features } = await connection.frames.next();
    assert.deepEqual({ name, sid, ack, version, features }, { name: "ENDPOINT_INFO", sid: peer.sid, ack: 0, ...INFO });
  });

  test("acknowledges the server's ENDPOINT_INFO and is connected then", async (t) => {
    const { peer, connection } = await meet(t);
    await connection.nextOf("ENDPOINT_INFO");
    const arrival = event(peer, "connected");
    connection.send("ENDPOINT_INFO", { ack: 7, ...INFO });
    assert.equal((await connection.nextOf("ACK")).ack, 7);
    await arrival;
  });

  test("each session has a sid of its own", async (t) => {
    const [{ server }, { url }] = await Promise.all([Harness.start(t), wsServer(t)]);
    const peers = await Promise.all(Array.from({ length: 20 }, () => server.ConnectPeer(url, "tok")));
    assert.equal(new Set(peers.map(({ sid }) => sid)).size, 20);
  });

  test("loses nothing that comes in one packet with the 101", async (t) => {
    const url = await rawServer(t, ({ socket, switching }) => {
      const frame = (name, fields) => encodeFrame(encode(name, { sid: 0n, ...fields }), { mask: false });
      const frames = [frame("ENDPOINT_INFO", { ack: 0, ...INFO }), frame("UTF8DATA", { ack: 1, payload: "early" })];
      socket.write(Buffer.concat([Buffer.from(switching), ...frames]));
    });
    const { server } = await Harness.start(t);
    const peer = await server.ConnectPeer(url, "tok");
    const seen = [];
    peer.on("connected", () => seen.push("connected"));
    const [text] = await event(peer, "message-utf8");
    assert.deepEqual([...seen, text], ["connected", "early"]);
  });

  test("masks its frames", async (t) => {
    const reads = new Inbox();
    const url = await rawServer(t, ({ socket, switching }) => {
      socket.on("data", (bytes) => reads.push(bytes));
      socket.write(switching);
    });
    const { server } = await Harness.start(t);
    await server.ConnectPeer(url, "tok");
    const bytes = await reads.next("the first frame");
    assert.equal(bytes[0], 0x82, "one final binary frame");
    assert.equal(bytes[1] & 0x80, 0x80, "the mask bit");
    const key = bytes.subarray(2, 6);
    const payload = bytes.subarray(6, 6 + (bytes[1] & 0x7f)).map((byte, i) => byte ^ key[i & 3]);
    assert.equal(decode(Buffer.from(payload)).name, "ENDPOINT_INFO");
  });
});

describe("messages", () => {
  test("are numbered and acknowledged both ways", async (t) => {
    const { peer, connection } = await join(t);
    const sent = peer.SendUTF8("out");
    const { ack, payload } = await connection.nextOf("UTF8DATA");
    assert.deepEqual({ ack, payload }, { ack: 1, payload: "out" });
    connection.send("ACK", { ack });
    await within(sent, "the ACK");
    const arrival = event(peer, "message-binary");
    connection.send("BINARYDATA", { ack: 1, payload: Buffer.from("in") });
    assert.equal((await connection.nextOf("ACK")).ack, 1);
    assert.deepEqual(await arrival, [Buffer.from("in")]);
  });
});

describe("the heartbeat", () => {
  test("answers the server's pings", async (t) => {
    const { connection } = await join(t);
    connection.send("PING_PONG", { ack: 41, payload: "ping" });
    const { ack, payload } = await connection.nextOf("PING_PONG");
    assert.deepEqual({ ack, payload }, { ack: 41, payload: "pong" });
  });

  test("ends the session with a server that is silent", async (t) => {
    const { peer, connection } = await join(t, { keepAliveIntervalMs: 300 });
    const end = event(peer, "closed");
    assert.equal((await connection.nextOf("PING_PONG")).payload, "ping");
    const { reason } = await connection.nextOf("BYE");
    assert.equal(reason, "Disconnecting session due to not responding to ping frames.");
    assert.equal((await connection.closed).code, 4000);
    await end;
  });
});

describe("the end", () => {
  test("by Close is BYE, then 4000", async (t) => {
    const { peer, connection } = await join(t);
    const closed = peer.Close("enough");
    assert.equal((await connection.nextOf("BYE")).reason, "enough");
    assert.deepEqual(await connection.closed, { code: 4000, reason: "Closing session." });
    await within(closed, "Close()");
  });

  test("by the server's BYE is acknowledged", async (t) => {
    const { peer, connection } = await join(t);
    const end = event(peer, "closed");
    connection.send("BYE", { ack: 5, reason: "go" });
    assert.equal((await connection.nextOf("ACK")).ack, 5);
    assert.deepEqual(await connection.closed, { code: 4000, reason: "go" });
    await end;
  });

  test("by Destroy of the server is announced to the other one", async (t) => {
    const { server, peer, connection } = await join(t);
    const end = event(peer, "closed");
    const destroyed = server.Destroy();
    await connection.nextOf("BYE");
    await Promise.all([within(destroyed, "Destroy()"), end, connection.closed]);
  });

  test("follows a masked frame, which no server may send", async (t) => {
    const url = await rawServer(t, ({ socket, switching }) => {
      const frame = encodeFrame(encode("UTF8DATA", { sid: 0n, ack: 0, payload: "masked" }));
      socket.write(Buffer.concat([Buffer.from(switching), frame]));
      socket.on("data", () => socket.end());
    });
    const { server } = await Harness.start(t);
    const peer = await server.ConnectPeer(url, "tok");
    const received = [];
    peer.on("message-utf8", (text) => received.push(text));
    await event(peer, "closed");
    assert.deepEqual(received, []);
  });
});
