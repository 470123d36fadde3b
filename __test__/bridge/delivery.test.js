"use strict";

// How events reach the application: one at a time, with room for its promises in between, and whatever a listener does,
// the next event comes.

const assert = require("node:assert/strict");
const { once } = require("node:events");
const { describe, test } = require("node:test");

const { Client } = require("../support/client");
const { spawnApp } = require("../support/process");
const { Harness, joined } = require("../support/server");
const { standStill } = require("../support/together");
const { event, within } = require("../support/wait");

const NUMBERS = Array.from({ length: 200 }, (_, n) => String(n));

/** Texts that reach the server in one packet, or as few as they fit in. */
const burst = (client, texts) =>
  client.write(Buffer.concat(texts.map((payload) => client.message("UTF8DATA", { payload }))));

describe("promises run between two events", () => {
  test("a loop over once() sees every message of a burst", async (t) => {
    const { client, session } = await joined(t);
    burst(client, NUMBERS);
    const received = [];
    while (received.length < NUMBERS.length) received.push((await event(session, "message-utf8"))[0]);
    assert.deepEqual(received, NUMBERS);
  });

  test("an async wrapper of several hops sees every message of a burst", async (t) => {
    const { client, session } = await joined(t);
    const next = async () => (await once(session, "message-utf8"))[0];
    const receive = async () => JSON.parse(await next());
    const handle = async () => {
      const value = await receive();
      await null;
      return String(value);
    };
    burst(client, NUMBERS);
    const received = [];
    while (received.length < NUMBERS.length) received.push(await within(handle(), "a message"));
    assert.deepEqual(received, NUMBERS);
  });

  test("messages of different kinds are each seen by their own loop", async (t) => {
    const { client, session } = await joined(t);
    const collect = async (name) => {
      const received = [];
      for (let i = 0; i < 100; i++) received.push(String((await event(session, name))[0]));
      return received;
    };
    const texts = collect("message-utf8");
    const errors = collect("message-error");
    const expected = NUMBERS.slice(0, 100);
    const messages = expected.flatMap((payload) => [
      client.message("UTF8DATA", { payload }),
      client.message("ERROR", { payload }),
    ]);
    client.write(Buffer.concat(messages));
    assert.deepEqual(await texts, expected);
    assert.deepEqual(await errors, expected);
  });

  test("a session listener that awaits resolved promises first loses nothing", async (t) => {
    const harness = await Harness.start(t);
    const lookUp = async (user) => user;
    const authorize = async (session) => {
      const user = await lookUp(await lookUp(session.Get("__TOKEN")));
      await Promise.all([lookUp(user), lookUp(user)]);
      return user;
    };
    const received = [];
    const done = new Promise((resolve) => {
      harness.server.on("session", async (session) => {
        await authorize(session);
        await authorize(session);
        session.on("connected", () => received.push("connected"));
        session.on("message-utf8", (text) => received.push(text) === NUMBERS.length + 1 && resolve());
      });
    });
    const client = await harness.connect();
    client.write(client.message("ENDPOINT_INFO", { version: 1, features: 1n }));
    burst(client, NUMBERS);
    await within(done, "all messages");
    assert.deepEqual(received, ["connected", ...NUMBERS]);
  });

  test("promises and ticks of one delivery run before the next", async (t) => {
    const { client, session } = await joined(t);
    const log = [];
    session.on("message-utf8", (text) => {
      log.push(`${text} listener`);
      process.nextTick(() => log.push(`${text} tick`));
      Promise.resolve()
        .then(() => log.push(`${text} promise`))
        .then(() => log.push(`${text} promise of a promise`));
    });
    const last = event(session, "message-error");
    burst(client, ["0", "1", "2"]);
    client.send("ERROR", { payload: "over" });
    await last;
    const deliveries = log.map((entry) => entry[0]).join("");
    assert.equal(deliveries, "000011112222");
    for (const at of [0, 4, 8]) assert.match(log[at], /listener/);
  });

  test("a send's continuation runs before the message that came after its ACK", async (t) => {
    const { client, session } = await joined(t);
    const log = [];
    const message = event(session, "message-utf8").then(() => log.push("message"));
    const sent = session.SendUTF8("x").then(() => log.push("acknowledged"));
    const { ack } = await client.nextOf("UTF8DATA");
    client.write(Buffer.concat([client.message("ACK", { ack }), client.message("UTF8DATA", { payload: "after" })]));
    await Promise.all([sent, message]);
    assert.deepEqual(log, ["acknowledged", "message"]);
  });
});

test("timers and other sockets have their turn between the messages of a burst that is much work", async (t) => {
  const { client, session } = await joined(t);
  let seen = 0;
  const turns = [];
  session.on("message-utf8", () => {
    seen++;
    setImmediate(() => turns.push(seen));
    const end = performance.now() + 1;
    while (performance.now() < end);
  });
  const last = event(session, "message-error");
  burst(client, NUMBERS);
  client.send("ERROR", { payload: "over" });
  // All of it is there before the first is delivered.
  standStill(100);
  await last;
  const early = turns.filter((count) => count < NUMBERS.length);
  assert.ok(early.length > 0, "no turn before the last message");
});

describe("a listener that fails is reported, and the next event is delivered", () => {
  const failure = () => new Error("bad JSON");
  const listeners = {
    throws: () => {
      throw failure();
    },
    rejects: async () => {
      await null;
      throw failure();
    },
  };
  for (const [how, listener] of Object.entries(listeners)) {
    test(`message-utf8 ${how}`, async (t) => {
      const { server, client, session } = await joined(t);
      const reports = [];
      server.on("error", (...report) => reports.push(report));
      const received = [];
      session.on("message-utf8", (text) => {
        received.push(text);
        if (text === "3") return listener();
      });
      const last = event(session, "message-error");
      burst(client, NUMBERS);
      client.send("ERROR", { payload: "over" });
      await last;
      assert.deepEqual(received, NUMBERS);
      assert.equal(reports.length, 1);
      const [error, culprit, where] = reports[0];
      assert.equal(error.message, "bad JSON");
      assert.equal(culprit, session);
      assert.match(where, /message-utf8/);
    });

    test(`session ${how}`, async (t) => {
      const harness = await Harness.start(t);
      const report = event(harness.server, "error");
      const joining = harness.join();
      harness.server.once("session", listener);
      const { session } = await joining;
      const [error, culprit, where] = await report;
      assert.equal(error.message, "bad JSON");
      assert.equal(culprit, session);
      assert.match(where, /session/);
    });

    for (const name of ["connected", "stat-rtt", "closed"]) {
      test(`${name} ${how}`, async (t) => {
        const harness = await Harness.start(t, { keepAliveIntervalMs: 500 });
        const { client, session } = await harness.meet({ pongs: true });
        const report = event(harness.server, "error");
        session.on(name, listener);
        await client.announce();
        if (name === "closed") client.close();
        const [error, culprit, where] = await report;
        assert.equal(error.message, "bad JSON");
        assert.equal(culprit, session);
        assert.ok(where.includes(name), where);
        await harness.join();
      });
    }

    test(`message-utf8 ${how} without an error listener: the process warns and goes on`, async (t) => {
      const app = spawnApp(
        t,
        ({ cryo, send, argument }) => {
          process.on("warning", ({ code, message, detail }) => send({ code, text: `${message} ${detail}` }));
          const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
          server.on("listening", () => send(server.http_server.address().port));
          server.on("session", (session) => {
            const fail = () => {
              throw new Error("bad JSON");
            };
            session.on("message-utf8", argument === "throws" ? fail : async () => fail());
            session.on("message-binary", (buffer) => session.SendBinary(buffer));
          });
        },
        how,
      );
      const client = await Client.connect({ port: await app.next("the port") });
      client.send("UTF8DATA", { payload: "{" });
      const { code, text } = await app.next("the warning");
      assert.equal(code, "CRYO_APPLICATION_ERROR");
      assert.match(text, /bad JSON/);
      client.send("BINARYDATA", { payload: "still here" });
      assert.equal((await client.nextOf("BINARYDATA")).payload.toString(), "still here");
    });
  }

  test("a listener of the server's own `error` event", async (t) => {
    const app = spawnApp(t, ({ cryo, send }) => {
      const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
      server.on("listening", () => send(server.http_server.address().port));
      server.on("error", () => {
        throw new Error("the reporter's own");
      });
      server.on("session", (session) => {
        session.on("message-utf8", (text) => JSON.parse(text));
        session.on("message-binary", (buffer) => session.SendBinary(buffer));
      });
    });
    const client = await Client.connect({ port: await app.next("the port") });
    client.write(
      Buffer.concat([client.message("UTF8DATA", { payload: "{" }), client.message("BINARYDATA", { payload: "next" })]),
    );
    assert.equal((await client.nextOf("BINARYDATA")).payload.toString(), "next");
  });
});
