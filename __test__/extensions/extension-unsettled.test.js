"use strict";

// Hooks that never settle, and the ends of sessions and servers.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { Gate } = require("../support/gate");
const { joined } = require("../support/server");
const { deferred, event, within } = require("../support/wait");

/** Another server, which waits for as long for a client that does not answer its close: however busy the machine is, both are as late. */
async function startClock(t, closeTimeoutMs) {
  const { session } = await joined(t, { closeTimeoutMs }, { closes: false });
  const over = event(session, "closed").then(() => "the clock");
  session.Close();
  return { over };
}

describe("a hook that never settles", () => {
  const QUICK = { closeTimeoutMs: 50 };

  /** Both directions of the session are stuck in a hook. */
  async function stick({ server, session, client }) {
    const gate = new Gate();
    server.RegisterExtension({ name: "stuck", on_receive_utf8: gate.hook, before_send_utf8: gate.hook });
    const sends = [session.SendUTF8("out"), session.SendUTF8("waits"), session.SendBinary(Buffer.from("waits too"))];
    client.send("UTF8DATA", { payload: "in" });
    await Promise.all([gate.reached("out"), gate.reached("in")]);
    return sends;
  }

  test("does not keep Close from closing", async (t) => {
    const { session, client, ...rest } = await joined(t, QUICK);
    await stick({ session, client, ...rest });
    const told = event(session, "closed");
    await within(session.Close("all the same"), "Close()");
    assert.equal((await client.nextOf("BYE")).reason, "all the same");
    await told;
  });

  test("does not delay closed when the client goes, and its message is not emitted afterwards", async (t) => {
    const { harness, server, session, client } = await joined(t, QUICK);
    const gate = new Gate();
    server.RegisterExtension({ name: "gate", on_receive_utf8: gate.hook });
    const received = [];
    session.on("message-utf8", (text) => received.push(text));
    client.send("UTF8DATA", { payload: "stuck" });
    await gate.reached("stuck");
    const closed = event(session, "closed");
    client.reset();
    await closed;
    gate.open("stuck");
    await harness.join(); // which takes longer than an event
    assert.deepEqual(received, []);
  });

  test("does not keep Destroy of the server waiting when its session is gone", async (t) => {
    const { harness, server, session, client } = await joined(t, { closeTimeoutMs: 60_000 });
    await harness.join({ acks: true, pongs: true });
    server.RegisterExtension({ name: "stuck", before_send_utf8: () => new Promise(() => {}) });
    session.SendUTF8("stuck");
    const destroyed = server.Destroy();
    client.reset();
    await within(destroyed, "the server's end");
  });

  test("does not keep Destroy of the server from ending", async (t) => {
    const pair = await joined(t, QUICK);
    await stick(pair);
    await within(pair.server.Destroy(), "Destroy()");
  });

  const ends = {
    "Close()": ({ session }) => within(session.Close(), "Close()"),
    "Destroy() of the server": ({ server }) => within(server.Destroy(), "Destroy()"),
    "the client's going": ({ client, session }) => {
      const closed = event(session, "closed");
      client.reset();
      return closed;
    },
  };
  for (const [how, end] of Object.entries(ends)) {
    test(`is waited for closeTimeoutMs, and no longer, at ${how}`, async (t) => {
      // Once for what is sent and once for what was received, which together are far less than the clock takes.
      const closeTimeoutMs = 300;
      const pair = await joined(t, { closeTimeoutMs });
      await stick(pair);
      const { over } = await startClock(t, 10 * closeTimeoutMs);
      const start = performance.now();
      const first = await Promise.race([over, end(pair).then(() => how)]);
      assert.equal(first, how);
      // Timers count whole milliseconds.
      assert.ok(performance.now() - start >= closeTimeoutMs - 1, "it was too early");
    });
  }

  for (const whose of ["server", "session"]) {
    test(`does not delay the end of the ${whose} beyond three times closeTimeoutMs, even if the client neither reads nor answers`, async (t) => {
      const closeTimeoutMs = 1000;
      const { server, session, client } = await joined(t, { closeTimeoutMs }, { closes: false });
      const gate = new Gate();
      server.RegisterExtension({ name: "gate", before_send_utf8: gate.hook });
      client.pause();
      while (session.queued.frames === 0) session.SendBinary(Buffer.alloc(1024 * 1024));
      session.SendUTF8("stuck");
      session.SendBinary(Buffer.from("waits"));
      await gate.reached("stuck");
      // With something to spare for a busy machine.
      await within(whose === "server" ? server.Destroy() : session.Close(), "the end", 3 * closeTimeoutMs + 2000);
    });
  }

  test("and has taken its message's memory drops nothing behind the session's end, when it settles at last", async (t) => {
    const { harness, server, session, client } = await joined(t, QUICK);
    const hook = deferred();
    const stuck = deferred();
    server.RegisterExtension({
      name: "taking",
      before_send_binary(_, { value }) {
        structuredClone(value, { transfer: [value.buffer] });
        stuck.resolve();
        return hook.promise;
      },
    });
    const events = [];
    for (const name of ["dropped", "closed"]) session.on(name, () => events.push(name));
    // Of a size that has memory of its own.
    session.SendBinary(Buffer.alloc(100_000));
    await stuck.promise;
    const closed = event(session, "closed");
    client.reset();
    await closed;
    const counted = session.dropped;
    const reported = event(server, "error");
    hook.resolve();
    await reported;
    await harness.join(); // which takes longer than an event
    assert.deepEqual(events, ["closed"]);
    assert.equal(session.dropped, counted);
  });

  test('leaves no send pending with undelivered "reject"', async (t) => {
    const pair = await joined(t, { ...QUICK, undelivered: "reject" });
    const sends = await stick(pair);
    pair.client.reset();
    for (const sent of sends) await assert.rejects(within(sent, "a send"), { code: "ERR_CRYO_SESSION_CLOSED" });
  });
});
