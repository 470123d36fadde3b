"use strict";

// Applications whose tests have fake timers, which let nothing run until they are told to: what the package does by itself goes on.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { cryo } = require("../..");
const { Harness, joined } = require("../support/server");
const { event, within } = require("../support/wait");

const fakeImmediates = (t) => t.mock.timers.enable({ apis: ["setImmediate"] });

/** Calls a function while nothing that it leaves to the next tick would come. Node.js itself could not do without for longer. */
function withoutTicks(t, call) {
  const { mock } = t.mock.method(process, "nextTick", () => {});
  try {
    return call();
  } finally {
    mock.restore();
  }
}

describe("with setImmediate faked", () => {
  test("a server listens, and gets messages of any size", async (t) => {
    fakeImmediates(t);
    const { client, session } = await joined(t);
    const message = event(session, "message-binary");
    client.send("BINARYDATA", { payload: Buffer.alloc(2 ** 20, "x") });
    assert.equal((await message)[0].length, 2 ** 20);
  });

  test("one that can't listen says so", async (t) => {
    const { port } = await Harness.start(t);
    fakeImmediates(t);
    const server = cryo({ validate: () => true }, { host: "127.0.0.1", port });
    assert.equal((await event(server.http_server, "error"))[0].code, "EADDRINUSE");
  });

  test("a session says what it has dropped", async (t) => {
    fakeImmediates(t);
    const { client, session } = await joined(t, { backpressure: { maxQueuedBytes: 1000, dropPolicy: "drop-newest" } });
    const dropped = event(session, "dropped");
    client.pause();
    for (let i = 0; i < 100; i++) session.SendBinary(Buffer.alloc(2 ** 20));
    await dropped;
    client.resume();
  });

  test("a stream comes to its end, also where its source has little to say", async (t) => {
    fakeImmediates(t);
    const { session } = await joined(t, {}, { acks: true });
    function* source() {
      for (let i = 0; i < 2000; i++) yield "";
      for (let i = 0; i < 500; i++) yield Buffer.alloc(2 ** 16);
    }
    await within(session.Stream(source()), "the stream");
  });
});

test("with process.nextTick faked, what is sent leaves", async (t) => {
  const { client, session } = await joined(t);
  withoutTicks(t, () => session.SendUTF8("sent"));
  assert.equal((await client.nextOf("UTF8DATA")).payload.toString(), "sent");
});

test("with process.nextTick faked, http_server counts its connections", async (t) => {
  const { server } = await Harness.start(t);
  const counted = new Promise((resolve) => withoutTicks(t, () => server.http_server.getConnections((_, count) => resolve(count))));
  assert.equal(await within(counted, "the count"), 0);
});

test("with queueMicrotask faked, sessions of peers begin, and what waits for hooks comes", async (t) => {
  const [here, there] = [await Harness.start(t), await Harness.start(t)];
  there.server.RegisterExtension({ name: "waits", on_receive_utf8: async () => {} });
  const texts = [];
  const all = new Promise((resolve) => {
    there.server.on("session", (session) => {
      session.on("message-utf8", (text) => {
        texts.push(text);
        if (texts.length === 2) there.server.UnregisterExtension("waits");
        if (text === "last") resolve();
      });
    });
  });
  t.mock.method(globalThis, "queueMicrotask", () => {});
  const peer = await here.server.ConnectPeer(`127.0.0.1:${there.port}`, "tok");
  await event(peer, "connected");
  for (const text of ["first", "second", "third", "last"]) peer.SendUTF8(text);
  await within(all, "the messages");
  assert.deepEqual(texts, ["first", "second", "third", "last"]);
});
