"use strict";

// A session as the application holds it: identity, counters, its store, its methods under both names, `connected`.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const certificate = require("../support/certs");
const { requestHead, target } = require("../support/http");
const { Harness, joined } = require("../support/server");
const { event } = require("../support/wait");

describe("identity", () => {
  for (const sid of [0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    test(`sid ${sid} is an unsigned bigint, in frames, too`, async (t) => {
      const { client, session } = await joined(t, {}, { sid });
      assert.equal(session.sid, sid);
      assert.equal(session.id, sid);
      session.SendUTF8("x");
      assert.equal((await client.nextOf("UTF8DATA")).sid, sid);
    });
  }
});

describe("the store", () => {
  test("holds the token and the type", async (t) => {
    const validator = { validate: async () => true };
    const harness = await Harness.start(t, {}, validator);
    const { session } = await harness.join({ token: "tök+en &%" });
    assert.equal(session.Get("__TOKEN"), "tök+en &%");
    assert.equal(session.Get("__TYPE"), "client");
  });

  test("keeps what the application sets, each session its own", async (t) => {
    const harness = await Harness.start(t);
    const [a, b] = [(await harness.join()).session, (await harness.join()).session];
    const user = { name: "Ada" };
    a.Set("user", user);
    a.Set("visits", 1);
    a.Set("visits", 2);
    assert.equal(a.Get("user"), user);
    assert.equal(a.Get("visits"), 2);
    assert.equal(b.Get("user") ?? null, null);
    assert.equal(a.Get("constructor") ?? null, null);
  });

  test("outlives the session", async (t) => {
    const { client, session } = await joined(t);
    session.Set("user", "Ada");
    const closed = event(session, "closed");
    client.close();
    await closed;
    assert.equal(session.Get("user"), "Ada");
    assert.equal(session.sid, client.sid);
  });
});

describe("rx and tx", () => {
  test("count bytes received and sent", async (t) => {
    const { client, session } = await joined(t);
    const before = { rx: session.rx, tx: session.tx };
    assert.ok(before.rx > 0 && before.tx > 0, JSON.stringify(before));

    const message = event(session, "message-binary");
    client.send("BINARYDATA", { payload: Buffer.alloc(10_000) });
    await message;
    assert.ok(session.rx >= before.rx + 10_000 && session.rx < before.rx + 10_100, `rx ${session.rx}`);

    session.SendBinary(Buffer.alloc(20_000));
    await client.nextOf("BINARYDATA");
    assert.ok(session.tx >= before.tx + 20_000 && session.tx < before.tx + 20_100, `tx ${session.tx}`);
  });
});

describe("methods under both names", () => {
  const sends = {
    SendUTF8: ["text", "UTF8DATA", "text"],
    SendBinary: [Buffer.from("bytes"), "BINARYDATA", Buffer.from("bytes")],
  };
  for (const [method, [argument, name, payload]] of Object.entries(sends)) {
    for (const [spelling, owner] of [
      ["session", (session) => session],
      ["session.base", (session) => session.base],
    ]) {
      test(`${spelling}.${method}()`, async (t) => {
        const { client, session } = await joined(t);
        const sent = owner(session)[method](argument);
        const frame = await client.nextOf(name);
        assert.deepEqual(frame.payload, payload);
        client.send("ACK", { ack: frame.ack });
        assert.equal(await sent, undefined);
      });
    }
  }

  test("session.base.SendError()", async (t) => {
    const { client, session } = await joined(t);
    const sent = session.base.SendError("größer als erlaubt");
    const frame = await client.nextOf("ERROR");
    assert.equal(frame.payload, "größer als erlaubt");
    client.send("ACK", { ack: frame.ack });
    assert.equal(await sent, undefined);
  });

  test("session.SendPing() and session.base.Ping()", async (t) => {
    const { client, session } = await joined(t);
    session.SendPing();
    session.base.Ping();
    const first = await client.nextOf("PING_PONG");
    const second = await client.nextOf("PING_PONG");
    assert.deepEqual([first.payload, second.payload], ["ping", "ping"]);
    assert.equal(second.ack, first.ack + 1);
  });
});

describe("connected", () => {
  test("comes once, however often a client announces itself", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet();
    let connected = 0;
    session.on("connected", () => (connected += 1));
    const message = event(session, "message-utf8");
    const announcements = [1n, 0n].map((features) => client.send("ENDPOINT_INFO", { version: 1, features }));
    client.send("UTF8DATA", { payload: "done" });
    await message;
    assert.equal(connected, 1);
    for (const ack of announcements) assert.equal((await client.nextOf("ACK")).ack, ack);
  });

  test("does not come for a client that never announces itself, whose messages work", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet({ acks: true });
    let connected = 0;
    session.on("connected", () => (connected += 1));
    const message = event(session, "message-utf8");
    client.send("UTF8DATA", { payload: "hello" });
    assert.deepEqual(await message, ["hello"]);
    await session.SendUTF8("answer");
    assert.equal((await client.nextOf("UTF8DATA")).payload, "answer");
    assert.equal(connected, 0);
  });

  test("keeps its place among messages of the same packet", async (t) => {
    const harness = await Harness.start(t);
    const events = [];
    const over = harness.session(4n).then((session) => {
      session.on("connected", () => events.push("connected"));
      session.on("message-utf8", (text) => events.push(text));
      return event(session, "message-error");
    });
    const client = await harness.connect({ sid: 4n });
    client.write(
      Buffer.concat([
        client.message("UTF8DATA", { payload: "before" }),
        client.message("ENDPOINT_INFO", { version: 1, features: 1n }),
        client.message("UTF8DATA", { payload: "after" }),
        client.message("ERROR", { payload: "over" }),
      ]),
    );
    await over;
    assert.deepEqual(events, ["before", "connected", "after"]);
  });
});

describe("the server's ENDPOINT_INFO", () => {
  for (const [title, options] of [
    ["plain", {}],
    ["TLS", { ssl: certificate }],
  ]) {
    test(`comes in a packet apart from the 101 (${title})`, async (t) => {
      const harness = await Harness.start(t, options);
      let apart = 0;
      // 10 ms later, of which a stall of the client may leave less: a tenth of the tries must do without one.
      for (let tries = 0; apart < 10 && tries < 100; tries++) {
        const client = await harness.connect();
        await client.nextOf("ENDPOINT_INFO");
        const [head, info] = client.reads;
        if (head.bytes.toString("latin1").endsWith("\r\n\r\n") && info.at - head.at > 8) apart += 1;
        client.destroy();
      }
      assert.equal(apart, 10);
    });
  }

  test("comes first, before what the session listener sends at once", async (t) => {
    const harness = await Harness.start(t);
    harness.server.on("session", (session) => {
      session.SendUTF8("welcome");
      session.SendPing();
    });
    const client = await harness.connect();
    const frames = [await client.next(), await client.next(), await client.next()];
    assert.deepEqual(
      frames.map(({ name, ack }) => [name, ack]),
      [
        ["ENDPOINT_INFO", 0],
        ["UTF8DATA", 1],
        ["PING_PONG", 2],
      ],
    );
  });

  test("comes first, before the ACKs for a client that speaks first", async (t) => {
    const harness = await Harness.start(t);
    const client = await harness.open();
    client.write(
      Buffer.concat([
        Buffer.from(requestHead(target(client.sid))),
        client.message("UTF8DATA", { payload: "impatient" }),
      ]),
    );
    const frames = [await client.next(), await client.next()];
    assert.deepEqual(
      frames.map(({ name, ack }) => [name, ack]),
      [
        ["ENDPOINT_INFO", 0],
        ["ACK", 0],
      ],
    );
  });
});
