"use strict";

// Extensions: registration, the eight hooks, what a box carries, what a hook drops, what its errors do.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { caughtUp } = require("../support/pair");
const { Harness, joined, reports } = require("../support/server");
const { event, settled, within } = require("../support/wait");

/** Kind of message → how the server sends it and what the session emits. */
const KINDS = {
  utf8: { frame: "UTF8DATA", send: "SendUTF8", event: "message-utf8", value: (text) => text },
  binary: { frame: "BINARYDATA", send: "SendBinary", event: "message-binary", value: (text) => Buffer.from(text) },
  error: { frame: "ERROR", send: "SendError", event: "message-error", value: (text) => text },
};

describe("registration", () => {
  test("by object or by name, with on_register and on_unregister", async (t) => {
    const { server } = await Harness.start(t);
    const calls = [];
    const make = (name) => ({
      name,
      on_register: (...args) => calls.push(["on", name, ...args]),
      on_unregister: async (...args) => calls.push(["off", name, ...args]),
    });
    const [first, second] = [make("first"), make("second")];
    server.RegisterExtension(first);
    server.RegisterExtension(second);
    assert.equal(server.GetExtension("first"), first);
    server.UnregisterExtension(first);
    assert.equal(server.GetExtension("first"), null);
    server.UnregisterExtension("second");
    server.UnregisterExtension("second");
    server.UnregisterExtension("never registered");
    assert.equal(server.GetExtension("second"), null);
    assert.deepEqual(calls, [["on", "first", server], ["on", "second", server], ["off", "first", server], ["off", "second", server]]);
  });

  test("of a name that is taken throws, and the first one stays", async (t) => {
    const { server } = await Harness.start(t);
    const first = { name: "twin" };
    server.RegisterExtension(first);
    assert.throws(() => server.RegisterExtension({ name: "twin" }), {
      message: "Extension 'twin' is already registered!",
      code: "ERR_CRYO_EXTENSION_EXISTS",
    });
    assert.equal(server.GetExtension("twin"), first);
    server.UnregisterExtension("twin");
    server.RegisterExtension({ name: "twin" });
  });

  test("of something that is not an extension throws", async (t) => {
    const { server } = await Harness.start(t);
    for (const value of [undefined, null, {}, { name: 1 }, "name"]) {
      assert.throws(() => server.RegisterExtension(value), { name: "TypeError", code: "ERR_CRYO_INVALID_ARGUMENT" });
    }
  });

  test("ends with Destroy, on_unregister included", async (t) => {
    const { server } = await Harness.start(t);
    const gone = [];
    for (const name of ["first", "second"]) server.RegisterExtension({ name, on_unregister: () => void gone.push(name) });
    await server.Destroy();
    assert.deepEqual(gone.sort(), ["first", "second"]);
    assert.equal(server.GetExtension("first"), null);
  });

  test("survives an on_register that throws or rejects", async (t) => {
    const { server } = await Harness.start(t);
    const errors = reports(server);
    const fail = () => {
      throw new Error("at once");
    };
    server.RegisterExtension({ name: "sync", on_register: fail });
    server.RegisterExtension({ name: "async", on_register: async () => fail() });
    await new Promise(setImmediate);
    assert.deepEqual(errors, [
      ["at once", null, "on_register of extension 'sync'"],
      ["at once", null, "on_register of extension 'async'"],
    ]);
    assert.equal(server.GetExtension("sync").name, "sync");
  });
});

/** An extension whose six message hooks note what they see and mark the value. */
class Marker {
  constructor(name, log) {
    this.name = name;
    this.log = log;
  }

  async #mark(hook, session, box) {
    this.log.push([this.name, hook, session.sid, String(box.value)]);
    const marked = `${box.value}+${this.name}`;
    box.value = Buffer.isBuffer(box.value) ? Buffer.from(marked) : marked;
    return true;
  }

  before_send_utf8 = (session, box) => this.#mark("before_send_utf8", session, box);
  before_send_binary = (session, box) => this.#mark("before_send_binary", session, box);
  before_send_error = (session, box) => this.#mark("before_send_error", session, box);

  on_receive_utf8(session, box) {
    return this.#mark("on_receive_utf8", session, box);
  }

  on_receive_binary(session, box) {
    return this.#mark("on_receive_binary", session, box);
  }

  on_receive_error(session, box) {
    return this.#mark("on_receive_error", session, box);
  }
}

for (const [kind, { frame, send, event: name, value }] of Object.entries(KINDS)) {
  describe(`hooks of ${frame}`, () => {
    test("run in the order of registration, on one box", async (t) => {
      const { server, session, client } = await joined(t);
      const log = [];
      server.RegisterExtension(new Marker("a", log));
      server.RegisterExtension({ name: "without hooks" });
      server.RegisterExtension(new Marker("b", log));

      const emitted = event(session, name);
      const ack = client.send(frame, { payload: "in" });
      const [received] = await emitted;
      assert.deepEqual(received, value("in+a+b"));
      assert.equal((await client.nextOf("ACK")).ack, ack);

      const sent = session.base[send](value("out"));
      const arrived = await client.nextOf(frame);
      assert.equal(String(arrived.payload), "out+a+b");
      client.send("ACK", { ack: arrived.ack });
      await sent;

      assert.deepEqual(log, [
        ["a", `on_receive_${kind}`, session.sid, "in"],
        ["b", `on_receive_${kind}`, session.sid, "in+a"],
        ["a", `before_send_${kind}`, session.sid, "out"],
        ["b", `before_send_${kind}`, session.sid, "out+a"],
      ]);
    });

    test("false drops the message and ends the chain; a received one is acknowledged, the promise of a sent one resolves", async (t) => {
      const { server, session, client } = await joined(t);
      const log = [];
      const drop = async (_, box) => String(box.value) !== "bad";
      server.RegisterExtension({ name: "filter", [`on_receive_${kind}`]: drop, [`before_send_${kind}`]: drop });
      server.RegisterExtension(new Marker("after", log));

      const emitted = event(session, name);
      const bad = client.send(frame, { payload: "bad" });
      const good = client.send(frame, { payload: "good" });
      assert.deepEqual(await emitted, [value("good+after")]);
      assert.deepEqual([(await client.nextOf("ACK")).ack, (await client.nextOf("ACK")).ack], [bad, good]);

      await within(session.base[send](value("bad")), "the promise of a message that a hook dropped");
      session.base[send](value("good"));
      assert.equal(String((await client.nextOf(frame)).payload), "good+after");
      assert.deepEqual(log.map(([, , , text]) => text), ["good", "good"]);
    });
  });
}

describe("a box", () => {
  test("holds a Buffer, whatever view of bytes a hook puts in", async (t) => {
    const { server, session, client } = await joined(t);
    const seen = [];
    const replace = (_, box) => {
      seen.push(Buffer.isBuffer(box.value));
      box.value = new Uint16Array([0x6968]).subarray(0, 1);
    };
    server.RegisterExtension({ name: "views", on_receive_binary: replace, before_send_binary: replace });
    server.RegisterExtension({ name: "next", on_receive_binary: (_, box) => void seen.push(Buffer.isBuffer(box.value)) });
    const emitted = event(session, "message-binary");
    client.send("BINARYDATA", { payload: "in" });
    assert.deepEqual(await emitted, [Buffer.from("hi")]);
    session.SendBinary(new Uint8Array([1, 2]));
    assert.equal((await client.nextOf("BINARYDATA")).payload.toString(), "hi");
    assert.deepEqual(seen, [true, true, true]);
  });

  test("keeps what was sent, though the caller writes to its buffer afterwards", async (t) => {
    const { server, session, client } = await joined(t);
    server.RegisterExtension({ name: "slow", before_send_binary: () => new Promise(setImmediate) });
    const buffer = Buffer.from("as it was");
    session.SendBinary(buffer);
    buffer.fill("x");
    assert.equal((await client.nextOf("BINARYDATA")).payload.toString(), "as it was");
  });

  for (const [title, value] of [["another type", 42], ["nothing", undefined]]) {
    test(`with ${title} in it is reported, and the message stays as it was`, async (t) => {
      const { server, session, client } = await joined(t);
      const errors = reports(server);
      server.RegisterExtension({ name: "odd", before_send_utf8: async (_, box) => void (box.value = value) });
      session.SendUTF8("text");
      assert.equal((await client.nextOf("UTF8DATA")).payload, "text");
      assert.equal(errors.length, 1);
      assert.match(errors[0][0], /^box\.value after before_send_utf8 takes a string/);
      assert.deepEqual(errors[0].slice(1), [session, "before_send_utf8 of extension 'odd'"]);
    });
  }
});

describe("what a hook returns", () => {
  for (const [title, answer] of [["true", true], ["nothing", undefined], ["null", null], ["0", 0], ["a thenable", { then: (done) => done(1) }]]) {
    test(`${title}, without a promise: the message passes`, async (t) => {
      const { server, session, client } = await joined(t);
      server.RegisterExtension({ name: "sync", on_receive_utf8: () => answer, before_send_utf8: () => answer });
      const emitted = event(session, "message-utf8");
      const ack = client.send("UTF8DATA", { payload: "in" });
      assert.deepEqual(await emitted, ["in"]);
      assert.equal((await client.nextOf("ACK")).ack, ack);
      session.SendUTF8("out");
      assert.equal((await client.nextOf("UTF8DATA")).payload, "out");
    });
  }

  test("false, without a promise: the message is dropped", async (t) => {
    const { server, session, client } = await joined(t);
    server.RegisterExtension({ name: "sync", before_send_utf8: () => false });
    await within(session.SendUTF8("never"), "the promise of a dropped message");
    session.SendBinary(Buffer.from("next"));
    assert.equal((await client.next()).name, "BINARYDATA");
  });
});

describe("a hook that fails", () => {
  const fail = (session, box) => {
    box.value = `${box.value}, changed`;
    throw new Error("hook failed");
  };
  for (const [title, hook] of [["throws", fail], ["rejects", async (...args) => fail(...args)]]) {
    test(`${title}: the message passes as the hook left it, and the error is reported`, async (t) => {
      const { server, session, client } = await joined(t);
      const errors = reports(server);
      server.RegisterExtension({ name: "faulty", on_receive_utf8: hook, before_send_utf8: hook });
      const emitted = event(session, "message-utf8");
      const ack = client.send("UTF8DATA", { payload: "in" });
      assert.deepEqual(await emitted, ["in, changed"]);
      assert.equal((await client.nextOf("ACK")).ack, ack);
      session.SendUTF8("out");
      assert.equal((await client.nextOf("UTF8DATA")).payload, "out, changed");
      assert.deepEqual(errors, [
        ["hook failed", session, "on_receive_utf8 of extension 'faulty'"],
        ["hook failed", session, "before_send_utf8 of extension 'faulty'"],
      ]);
    });

    test(`${title}, with extensionErrors "drop": the message is dropped`, async (t) => {
      const { server, session, client } = await joined(t, { extensionErrors: "drop" });
      const errors = reports(server);
      server.RegisterExtension({ name: "faulty", on_receive_utf8: hook, before_send_utf8: hook });
      const received = [];
      session.on("message-utf8", (text) => received.push(text));
      const ack = client.send("UTF8DATA", { payload: "in" });
      assert.equal((await client.nextOf("ACK")).ack, ack);
      await within(session.SendUTF8("out"), "the promise of a dropped message");
      assert.equal(errors.length, 2);
      session.SendBinary(Buffer.from("next"));
      assert.equal((await client.next()).name, "BINARYDATA");
      assert.deepEqual(received, []);
    });
  }
});

test("a send that passed its hooks settles with its ACK and not before", async (t) => {
  const { server, session, client } = await joined(t);
  server.RegisterExtension({ name: "pass", before_send_utf8: async () => true });
  const sent = session.SendUTF8("text");
  const { ack } = await client.nextOf("UTF8DATA");
  await caughtUp({ client, session });
  assert.equal(await settled(sent), false);
  client.send("ACK", { ack });
  await within(sent, "the ACK");
});
