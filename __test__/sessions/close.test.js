"use strict";

// How sessions end: by the application, by the client, by neither. Nothing queued is lost, `closed` comes once, and the
// sid is free by then.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const certificate = require("../support/certs");
const { freePath } = require("../support/folder");
const { Harness, joined, reports } = require("../support/server");
const { event, within } = require("../support/wait");

// 400 bytes whose 123rd is in the middle of a character.
const LONG = `x${"é".repeat(199)}y`;
const CUT = `x${"é".repeat(61)}`;

for (const [transport, options] of [
  ["plain", {}],
  ["TLS", { ssl: certificate }],
]) {
  describe(`leaving, ${transport}`, () => {
    test("Close says BYE with its reason, then closes with 4000, and resolves", async (t) => {
      const { client, session } = await joined(t, options);
      const closed = event(session, "closed");
      const closing = session.Close("that's all");
      assert.equal((await client.nextOf("BYE")).reason, "that's all");
      assert.deepEqual(await client.closed(), { code: 4000, reason: "Closing session." });
      assert.equal(await within(closing, "Close()"), undefined);
      await closed;
    });

    test("Destroy closes without BYE", async (t) => {
      const { client, session } = await joined(t, options);
      session.Destroy();
      assert.deepEqual(await client.closed(), { code: 4000, reason: "Closing session." });
      assert.deepEqual(client.frames.take(), []);
    });

    for (const code of [1000, 1001, 1008, 1011, 3000, 4242]) {
      test(`Destroy closes with the code ${code} and the message it is given`, async (t) => {
        const { client, session } = await joined(t, options);
        session.Destroy(code, "tschüß");
        assert.deepEqual(await client.closed(), { code, reason: "tschüß" });
      });
    }

    test("a client's BYE is acknowledged, and its reason echoed in the close", async (t) => {
      const { client, session } = await joined(t, options);
      const closed = event(session, "closed");
      const ack = client.send("BYE", { reason: "see you" });
      assert.equal((await client.nextOf("ACK")).ack, ack);
      assert.deepEqual(await client.closed(), { code: 4000, reason: "see you" });
      await closed;
    });

    test("a client's close frame is answered with its code", async (t) => {
      const { client, session } = await joined(t, options);
      const closed = event(session, "closed");
      client.close(3456, "enough");
      assert.equal((await client.closed()).code, 3456);
      await closed;
    });

    for (const [method, leave] of [
      ["Close", (session) => session.Close("done")],
      ["Destroy", (session) => session.Destroy()],
    ]) {
      test(`${method} right after many sends comes after them`, async (t) => {
        const { client, session } = await joined(t, options);
        for (let i = 0; i < 500; i++) session.SendUTF8(String(i));
        session.SendBinary(Buffer.alloc(5_000_000));
        leave(session);
        for (let i = 0; i < 500; i++) assert.equal((await client.next()).payload, String(i));
        assert.equal((await client.next()).payload.length, 5_000_000);
        await client.closed();
        assert.deepEqual(
          client.frames.take().map(({ name }) => name),
          method === "Close" ? ["BYE"] : [],
        );
      });
    }
  });
}

describe("leaving a client that waits for ENDPOINT_INFO before it says a word", () => {
  const farewells = {
    Close: { leave: ({ session }) => session.Close("x"), bye: "x" },
    Destroy: { leave: ({ session }) => session.Destroy(1008, "x"), close: { code: 1008, reason: "x" } },
    "the server's Destroy": { leave: ({ server }) => server.Destroy(), bye: "Server shutdown." },
  };
  for (const [title, { leave, bye, close = { code: 4000, reason: "Closing session." } }] of Object.entries(farewells)) {
    test(`${title} comes after ENDPOINT_INFO and what was sent before, without waiting for a deadline`, async (t) => {
      // A deadline beyond the test's own.
      const harness = await Harness.start(t, { closeTimeoutMs: 120_000 });
      const { server } = harness;
      server.on("session", (session) => {
        session.SendUTF8("not welcome");
        leave({ server, session });
      });
      const client = await harness.connect();
      assert.equal((await client.next()).name, "ENDPOINT_INFO");
      assert.equal((await client.next()).payload, "not welcome");
      if (bye !== undefined) assert.equal((await client.nextOf("BYE")).reason, bye);
      assert.deepEqual(await client.closed(), close);
      assert.deepEqual(client.frames.take(), []);
    });
  }
});

describe("a long reason", () => {
  test("of Close goes out whole", async (t) => {
    const { client, session } = await joined(t);
    session.Close(LONG);
    assert.equal((await client.nextOf("BYE")).reason, LONG);
    assert.deepEqual(await client.closed(), { code: 4000, reason: "Closing session." });
  });

  test("of Destroy is cut to 123 bytes at a character", async (t) => {
    const { client, session } = await joined(t);
    session.Destroy(4000, LONG);
    assert.deepEqual(await client.closed(), { code: 4000, reason: CUT });
  });

  test("of a client's BYE is cut to 123 bytes at a character", async (t) => {
    const { client } = await joined(t);
    client.send("BYE", { reason: LONG });
    assert.deepEqual(await client.closed(), { code: 4000, reason: CUT });
  });
});

describe("a slow client's close", { skip: process.platform === "win32" }, () => {
  // Over a Unix domain socket, which holds some 200 KiB at most, and with all sizes around: of one of them the last
  // record, with the answer to the close in it, waits for the socket.
  const sizes = Array.from({ length: 32 }, (_, i) => (i + 16) * 16 * 1024);
  for (const [title, leave, code] of [
    ["is answered after all that was sent before", (client) => client.close(3456), 3456],
    ["for a broken frame comes after all that was sent before", (client) => client.write(Buffer.of(0xff, 0x80)), 1002],
  ]) {
    test(`over TLS ${title}`, async (t) => {
      const file = freePath(t);
      const harness = await Harness.start(t, { port: undefined, path: file, ssl: certificate });
      for (const size of sizes) {
        const { client, session } = await harness.join({ path: file, port: 0 });
        client.pause();
        session.SendBinary(Buffer.alloc(size));
        const received = event(session, "message-utf8");
        client.send("UTF8DATA", { payload: "the server has read as far as the close" });
        leave(client);
        await received;
        readSlowly(client);
        assert.equal((await client.nextOf("BINARYDATA")).payload.length, size);
        assert.equal((await client.closed()).code, code, `after ${size} bytes`);
      }
    });
  }
});

/** Lets the server come to wait for the client again and again. */
function readSlowly({ socket }) {
  socket.on("data", () => {
    socket.pause();
    setTimeout(() => socket.resume(), 1);
  });
  socket.resume();
}

describe("closed comes once", () => {
  const ends = {
    "when everything happens at once": ({ client, session }) => {
      session.Close("one");
      session.Destroy(4001, "two");
      session.Close("three");
      client.close();
      client.reset();
    },
    "when a client resets the connection": ({ client }) => client.reset(),
    "when a client ends the connection without a close frame": ({ client }) => client.socket.end(),
    "when a client says BYE and closes": ({ client }) => {
      client.send("BYE", { reason: "bye" });
      client.close();
    },
    "when a client never answers the close": ({ client, session }) => {
      client.habits.closes = false;
      session.Destroy();
    },
    "when a client reads nothing more": ({ client, session }) => {
      client.pause();
      for (let i = 0; i < 16; i++) session.SendBinary(Buffer.alloc(1024 * 1024));
      session.Close("too slow");
    },
  };
  for (const [title, end] of Object.entries(ends)) {
    test(title, async (t) => {
      const { harness, client, session } = await joined(t);
      let count = 0;
      session.on("closed", (...args) => (count += 1 + args.length));
      const closed = event(session, "closed");
      end({ client, session });
      await closed;
      client.destroy();
      // Whatever came late would have come before another session's whole life.
      const other = await harness.join({ sid: client.sid });
      const otherClosed = event(other.session, "closed");
      other.client.close();
      await otherClosed;
      await harness.stop();
      assert.equal(count, 1);
    });
  }

  test("and after the messages that arrived before it", async (t) => {
    const { client, session } = await joined(t);
    const events = [];
    session.on("message-utf8", (text) => events.push(text));
    session.on("closed", () => events.push("closed"));
    const closed = event(session, "closed");
    for (const payload of ["1", "2", "3"]) client.send("UTF8DATA", { payload });
    client.close();
    await closed;
    assert.deepEqual(events, ["1", "2", "3", "closed"]);
  });
});

describe("after the end", () => {
  test("calls do nothing", async (t) => {
    const { harness, server, client, session } = await joined(t);
    const errors = reports(server);
    const closed = event(session, "closed");
    client.close();
    await closed;
    const { tx } = session;
    session.SendPing();
    session.base.Ping();
    session.Destroy();
    await within(session.Close("again"), "Close() of a closed session");
    await harness.join({ sid: client.sid });
    assert.equal(session.tx, tx);
    assert.deepEqual(errors, []);
  });

  test("several calls of Close and Destroy close once", async (t) => {
    const { client, session } = await joined(t);
    const closing = [session.Close("first"), session.Close("second")];
    session.Destroy();
    assert.equal((await client.nextOf("BYE")).reason, "first");
    assert.deepEqual(await client.closed(), { code: 4000, reason: "Closing session." });
    assert.deepEqual(client.frames.take(), []);
    await within(Promise.all(closing), "both");
  });
});

// Clients come back by themselves after these codes, at once and with the same sid.
describe("the sid is free for a client that comes back at once", () => {
  const ends = {
    "its own 1000": ({ client }) => client.close(1000),
    "its own 1001": ({ client }) => client.close(1001),
    "the server's 1000": ({ session }) => session.Destroy(1000, "normal"),
    "the server's 1001": ({ session }) => session.Destroy(1001, "going away"),
    "the server's 4000": ({ session }) => session.Close("rejoin"),
    "its BYE": ({ client }) => client.send("BYE", { reason: "rejoin" }),
  };
  for (const [title, end] of Object.entries(ends)) {
    test(`after ${title}`, async (t) => {
      const harness = await Harness.start(t);
      for (let i = 0; i < 40; i++) {
        const pair = await harness.join({ sid: 42n });
        end(pair);
        await pair.client.closed();
      }
    });
  }
});
