"use strict";

// An event that several listeners wait for reaches each of them, whatever the others do.

const assert = require("node:assert/strict");
const { EventEmitter, errorMonitor } = require("node:events");
const { describe, test } = require("node:test");

const { cryo } = require("../..");
const { Harness, joined, reports } = require("../support/server");
const { event, until, within } = require("../support/wait");
const { fetching, upload } = require("../support/transactions");

const FAILURES = {
  throws: () => {
    throw new Error("failed");
  },
  rejects: () => Promise.reject(new Error("failed")),
  // As promises of other libraries: Node.js takes any thenable of a listener for one.
  "rejects in a way of its own": () => ({ then: (_, rejected) => void setImmediate(rejected, new Error("failed")) }),
};

/** What makes each event come, of a session or of its `stream`. */
const SESSION = {
  connected: ({ client }) => client.announce(),
  "message-utf8": ({ client }) => client.send("UTF8DATA", { payload: "text" }),
  "message-binary": ({ client }) => client.send("BINARYDATA", { payload: "bytes" }),
  "message-error": ({ client }) => client.send("ERROR", { payload: "error" }),
  "stat-rtt": () => {},
  "stat-bytes-rx": () => {},
  "stat-bytes-tx": () => {},
  "stat-ack-timeout": () => {},
  dropped: ({ server, session }) => {
    server.RegisterExtension({ name: "slow", before_send_utf8: () => new Promise(setImmediate) });
    for (let i = 0; i < 3; i++) session.SendUTF8("text");
  },
  closed: ({ client }) => client.destroy(),
};
const STREAM = {
  "tx-start": ({ client }) => upload(client, 1, "up", [Buffer.from("chunk")]),
  "tx-chunk": ({ client }) => upload(client, 1, "up", [Buffer.from("chunk")]),
  "tx-finish": ({ client }) => upload(client, 1, "up", [Buffer.from("chunk")]),
};

/** Has the first of two listeners fail. @returns {Promise<any[]>} The second one's arguments. */
function failFirst(emitter, name, fail) {
  emitter.on(name, fail);
  return event(emitter, name);
}

for (const [how, fail] of Object.entries(FAILURES)) {
  describe(`a listener that ${how} takes the event from no other`, () => {
    /** Asserts that the first one's failure is reported. */
    const reported = async (errors, session, name) => {
      await until(() => errors.length > 0, "the report");
      assert.deepEqual(errors[0], ["failed", session, `listener of '${name}'`]);
    };

    for (const [name, trigger] of Object.entries(SESSION)) {
      test(name, async (t) => {
        const harness = await Harness.start(t, { keepAliveIntervalMs: 100, backpressure: { maxQueueCount: 1 } });
        const { server } = harness;
        const pair = await harness.meet({ pongs: true });
        const errors = reports(server);
        const second = failFirst(pair.session, name, fail);
        await trigger({ ...pair, server });
        await second;
        await reported(errors, pair.session, name);
      });
    }

    for (const [name, trigger] of Object.entries(STREAM)) {
      test(name, async (t) => {
        const { server, session, client } = await joined(t);
        const errors = reports(server);
        const second = failFirst(session.stream, name, fail);
        trigger({ client });
        await second;
        await reported(errors, session, name);
      });
    }

    test("tx-fetch", async (t) => {
      const { server, session, client } = await fetching(await Harness.start(t));
      const errors = reports(server);
      const second = failFirst(session.stream, "tx-fetch", fail);
      session.Stream("text", "down");
      const { txId } = await client.nextOf("TX_START");
      client.send("TX_FETCH", { txId, start: 0, end: 1 });
      assert.deepEqual(await second, [txId, 0, 1]);
      await reported(errors, session, "tx-fetch");
    });

    test("session", async (t) => {
      const harness = await Harness.start(t);
      const errors = reports(harness.server);
      harness.server.on("session", fail);
      const { session } = await harness.meet();
      await reported(errors, session, "session");
    });

    test("listening", async (t) => {
      const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0 });
      t.after(() => within(server.Destroy(), "Destroy()"));
      const errors = reports(server);
      server.on("listening", fail);
      // Not by `once` of node:events, which takes the report of the first one for the event's own failure.
      await within(new Promise((resolve) => server.on("listening", resolve)), "the second listener");
      await reported(errors, null, "listening");
    });

    for (const name of ["error", errorMonitor]) {
      test(`error, where the first one listens for ${String(name)}`, async (t) => {
        const { server, session, client } = await joined(t);
        server.on(name, fail);
        const errors = reports(server);
        session.on("message-utf8", () => {
          throw new Error("of the message");
        });
        client.send("UTF8DATA", { payload: "text" });
        await until(() => errors.length > 0, "the report");
        assert.deepEqual(errors, [["of the message", session, "listener of 'message-utf8'"]]);
      });
    }
  });
}

test("a `once` listener that fails is gone, as Node.js has it", async (t) => {
  const { server, session, client } = await joined(t);
  const errors = reports(server);
  session.once("message-utf8", FAILURES.throws);
  for (const payload of ["one", "two"]) {
    const second = event(session, "message-utf8");
    client.send("UTF8DATA", { payload });
    assert.deepEqual(await second, [payload]);
  }
  assert.equal(errors.length, 1);
});

test("an `emit` of the application's own gets the events, however many listen", async (t) => {
  const { session, client } = await joined(t);
  const seen = [];
  const { emit } = session;
  session.emit = function (...args) {
    seen.push(args);
    return Reflect.apply(emit, this, args);
  };
  session.on("message-utf8", () => {});
  const second = event(session, "message-utf8");
  client.send("UTF8DATA", { payload: "text" });
  await second;
  assert.deepEqual(seen.filter(([name]) => name.startsWith("message")), [["message-utf8", "text"]]);
});

/** Has an `emit` of the application's own look at an emitter's events. */
function watch(emitter, seen) {
  const { emit } = emitter;
  emitter.emit = function (event, ...args) {
    seen.emit(event, ...args);
    return Reflect.apply(emit, this, [event, ...args]);
  };
}

describe("an `emit` of the application's own gets the events that nobody listens for", () => {
  const options = { keepAliveIntervalMs: 100 };
  const figures = Object.keys(SESSION).filter((name) => name.startsWith("stat-"));

  test("of a client's session and of its `stream`", async (t) => {
    const harness = await Harness.start(t, options);
    const seen = new EventEmitter();
    harness.server.on("session", (session) => {
      watch(session, seen);
      watch(session.stream, seen);
    });
    const expected = [...figures, ...Object.keys(STREAM)].map((name) => event(seen, name));
    const { client } = await harness.join({ acks: true, pongs: true });
    upload(client, 1, "up", [Buffer.from("chunk")]);
    await Promise.all(expected);
  });

  test("of a peer's session", async (t) => {
    const [here, there] = await Promise.all([Harness.start(t, options), Harness.start(t)]);
    const seen = new EventEmitter();
    watch(await here.server.ConnectPeer(`ws://127.0.0.1:${there.port}`, "tok"), seen);
    await Promise.all(figures.map((name) => event(seen, name)));
  });
});
