"use strict";

// ConnectPeer between servers of this package: a session like any other, from the client's side.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { collected } = require("../support/garbage");
const { caughtUp } = require("../support/pair");
const { spawnApp } = require("../support/process");
const { Harness } = require("../support/server");
const { deferred, event, settled, within } = require("../support/wait");

/** Two servers, and a session between them: `peer` at the one that connected, `session` at the other. */
async function connected(t, options = {}, theirs = options) {
  const [here, there] = await Promise.all([Harness.start(t, options), Harness.start(t, theirs)]);
  const arrival = event(there.server, "session");
  const bothConnected = arrival.then(([session]) => event(session, "connected"));
  const peer = await here.server.ConnectPeer(`ws://127.0.0.1:${there.port}`, "tok");
  await Promise.all([event(peer, "connected"), bothConnected]);
  const [session] = await arrival;
  return { here, there, peer, session };
}

describe("a peer's session", () => {
  test("is a session like any other", async (t) => {
    const { here, there, peer, session } = await connected(t);
    assert.ok(peer instanceof session.constructor);
    assert.equal(peer.Get("__TYPE"), "peer");
    assert.equal(peer.Get("__TOKEN"), "tok");
    assert.equal(session.Get("__TYPE"), "client");
    assert.equal(session.Get("__TOKEN"), "tok");
    assert.equal(peer.sid, session.sid);
    assert.equal(peer.request.remotePort, there.port);
    assert.equal(peer.request.url, session.request.url);
    assert.equal(here.server.listenerCount("session"), 0);
  });

  test("does not raise the event session on the side that connected", async (t) => {
    const [here, there] = await Promise.all([Harness.start(t), Harness.start(t)]);
    const arrivals = [];
    here.server.on("session", (session) => arrivals.push(session));
    const peer = await here.server.ConnectPeer(`ws://127.0.0.1:${there.port}`, "tok");
    await event(peer, "connected");
    assert.deepEqual(arrivals, []);
  });

  test("carries messages of all kinds both ways, and their ACKs", async (t) => {
    const { peer, session } = await connected(t);
    const large = Buffer.alloc(1_000_000, "x");
    for (const [from, to] of [
      [peer, session],
      [session, peer],
    ]) {
      const arrivals = ["message-utf8", "message-binary", "message-error"].map((name) => event(to, name));
      await within(Promise.all([from.SendUTF8("zwölf"), from.SendBinary(large), from.base.SendError("no")]), "ACKs");
      const [[text], [bytes], [error]] = await Promise.all(arrivals);
      assert.equal(text, "zwölf");
      assert.deepEqual(bytes, large);
      assert.equal(error, "no");
    }
  });

  test("keeps the order of many messages", async (t) => {
    const { peer, session } = await connected(t);
    const seen = [];
    const all = deferred();
    session.on("message-utf8", (text) => seen.push(Number(text)) === 2000 && all.resolve());
    for (let i = 0; i < 2000; i++) peer.SendUTF8(String(i));
    await within(all.promise, "2000 messages");
    assert.deepEqual(seen, [...Array(2000).keys()]);
  });

  test("carries the largest messages both ways at once", async (t) => {
    const { peer, session } = await connected(t);
    const largest = Buffer.alloc(16 * 1024 * 1024, "x");
    const arrivals = [peer, session].map((side) => event(side, "message-binary"));
    await within(Promise.all([peer.SendBinary(largest), session.SendBinary(largest)]), "ACKs");
    for (const [bytes] of await Promise.all(arrivals)) assert.ok(bytes.equals(largest));
  });

  test("can be made to the server itself", async (t) => {
    const { server, port } = await Harness.start(t);
    const arrival = event(server, "session");
    const peer = await server.ConnectPeer(`127.0.0.1:${port}`, "tok");
    const [session] = await arrival;
    assert.notEqual(peer, session);
    const message = event(session, "message-utf8");
    await within(peer.SendUTF8("to myself"), "the ACK");
    assert.deepEqual(await message, ["to myself"]);
  });

  test("runs the extensions", async (t) => {
    const { here, peer, session } = await connected(t);
    const sessions = [];
    here.server.RegisterExtension({
      name: "marks",
      async before_send_utf8(of, box) {
        sessions.push(of);
        box.value += " out";
        return true;
      },
      async on_receive_utf8(of, box) {
        sessions.push(of);
        box.value += " in";
        return box.value !== "drop in";
      },
    });
    const [there, back] = [event(session, "message-utf8"), event(peer, "message-utf8")];
    await within(peer.SendUTF8("a"), "the ACK");
    assert.deepEqual(await there, ["a out"]);
    await within(Promise.all([session.SendUTF8("drop"), session.SendUTF8("b")]), "ACKs");
    assert.deepEqual(await back, ["b in"]);
    assert.ok(sessions.length === 3 && sessions.every((of) => of === peer));
  });
});

describe("the heartbeat of a peer's session", () => {
  test("runs on both sides and measures round trips", async (t) => {
    const { peer, session } = await connected(t, { keepAliveIntervalMs: 600 });
    for (const side of [peer, session]) {
      await event(side, "stat-rtt");
      const [rtt] = await event(side, "stat-rtt");
      assert.ok(rtt >= 0, `rtt ${rtt}`);
    }
    await within(peer.SendUTF8("still there"), "the ACK");
  });
});

describe("the end of a peer's session", () => {
  test("by the side that connected", async (t) => {
    const { peer, session } = await connected(t);
    const ends = Promise.all([event(session, "closed"), event(peer, "closed")]);
    const last = event(session, "message-utf8");
    peer.SendUTF8("last");
    await within(peer.Close("enough"), "Close()");
    await ends;
    assert.deepEqual(await last, ["last"]);
  });

  test("by the other side", async (t) => {
    const { peer, session } = await connected(t);
    const end = event(peer, "closed");
    await within(session.Close("enough"), "Close()");
    await end;
  });

  test("by Destroy of either server", async (t) => {
    for (const which of ["here", "there"]) {
      const parts = await connected(t);
      const ends = Promise.all([event(parts.session, "closed"), event(parts.peer, "closed")]);
      await within(parts[which].server.Destroy(), "Destroy()");
      await ends;
    }
  });

  test("leaves nothing behind", async (t) => {
    const [here, there] = await Promise.all([Harness.start(t), Harness.start(t)]);
    const url = `ws://127.0.0.1:${there.port}`;
    const visit = async () => {
      const peer = await here.server.ConnectPeer(url, "tok");
      await within(peer.Close(), "Close()");
      return new WeakRef(peer);
    };
    const past = [];
    for (let i = 0; i < 10; i++) past.push(await visit());
    await collected(past, "the sessions");
  });
});

describe("between two processes", () => {
  const serve = async ({ cryo, send }) => {
    const server = cryo({ validate: (token) => token === "tok" }, { host: "127.0.0.1", port: 0 });
    server.on("session", (session) => {
      session.on("message-utf8", async (text) => {
        await session.SendUTF8(`${text} from ${process.pid}`);
        send("acknowledged");
      });
      session.on("closed", () => server.Destroy());
    });
    server.on("listening", () => send({ port: server.http_server.address().port, pid: process.pid }));
  };

  test("messages go both ways, and both can end", async (t) => {
    const other = spawnApp(t, serve);
    const { port, pid } = await other.next("the port");
    const { server } = await Harness.start(t);
    const peer = await server.ConnectPeer(`ws://localhost:${port}`, "tok");
    const answer = event(peer, "message-utf8");
    await within(peer.SendUTF8("greetings"), "the ACK");
    assert.deepEqual(await answer, [`greetings from ${pid}`]);
    assert.equal(await other.next("the ACK"), "acknowledged");
    await within(peer.Close(), "Close()");
    const { code, stderr } = await other.exit();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });

  test("a process that is killed ends its sessions", async (t) => {
    const other = spawnApp(t, serve);
    const { port, pid } = await other.next("the port");
    const harness = await Harness.start(t);
    const peer = await harness.server.ConnectPeer(`ws://127.0.0.1:${port}`, "tok");
    await event(peer, "connected");
    const end = event(peer, "closed");
    process.kill(pid, "SIGKILL");
    await end;
    const sent = peer.SendUTF8("too late");
    await caughtUp(await harness.join());
    assert.equal(await settled(sent), false);
  });
});
