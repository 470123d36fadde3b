"use strict";

// Extensions that freeze their boxes, or whose hooks are getters that throw: that is reported, and costs neither messages nor the server. And those
// that make a message too large, which must not leave as it was: it may be one that was to be encrypted.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { Harness, joined, reports } = require("../support/server");
const { MAX_PAYLOAD } = require("../support/frames");
const { event, within } = require("../support/wait");

describe("an extension that is hard to deal with", () => {
  for (const [what, spoil] of [
    ["freezes its box", (box) => Object.freeze(box)],
    ["makes its box one that throws", (box) => Object.defineProperty(box, "value", { get: () => JSON.parse("{") })],
  ]) {
    test(`${what}: it is reported, and the message is what it was before`, async (t) => {
      const { server, session, client } = await joined(t);
      const errors = reports(server);
      const seen = [];
      const hook = async (_, box) => {
        spoil(box);
        throw new Error("spoilt");
      };
      server.RegisterExtension({ name: "spoils", before_send_utf8: hook, on_receive_utf8: hook });
      server.RegisterExtension({ name: "next", before_send_utf8: (_, box) => void seen.push(box.value) });
      session.SendUTF8("out");
      assert.equal((await client.nextOf("UTF8DATA")).payload, "out");
      const received = event(session, "message-utf8");
      client.send("UTF8DATA", { payload: "in" });
      assert.deepEqual(await received, ["in"]);
      assert.deepEqual(seen, ["out"]);
      assert.deepEqual(errors.map(([message]) => message), ["spoilt", "spoilt"]);
    });
  }

  test("whose hook is a getter that throws is not registered, and others can be", async (t) => {
    const { server } = await Harness.start(t);
    const extension = {
      name: "getter",
      get on_receive_utf8() {
        throw new Error("of the getter");
      },
    };
    assert.throws(() => server.RegisterExtension(extension), { message: "of the getter" });
    assert.equal(server.GetExtension("getter"), null);
    server.RegisterExtension({ name: "other" });
    await within(server.Destroy(), "Destroy()");
  });

  test("whose getter throws only later does not keep the server from ending", async (t) => {
    const { server } = await Harness.start(t);
    let throws = false;
    const errors = reports(server);
    server.RegisterExtension({
      name: "later",
      get on_unregister() {
        if (throws) throw new Error("of the getter");
        return undefined;
      },
      get on_receive_utf8() {
        if (throws) throw new Error("of the getter");
        return undefined;
      },
    });
    throws = true;
    server.RegisterExtension({ name: "other" });
    await within(server.Destroy(), "Destroy()");
    assert.deepEqual(errors, [["of the getter", null, "on_unregister of extension 'later'"]]);
  });
});

describe("a message that a send hook makes too large", () => {
  const SENDS = { utf8: "SendUTF8", binary: "SendBinary", error: "SendError" };
  const payload = (kind, text) => (kind === "binary" ? Buffer.from(text) : text);
  const large = (kind) => payload(kind, "x".repeat(MAX_PAYLOAD + 1));

  /** What a client gets of a message that is made too large and of one behind it, and what is reported. */
  async function sendBoth(t, kind, extensionErrors, spoil) {
    const { server, session, client } = await joined(t, { extensionErrors }, { acks: true });
    const errors = [];
    server.on("error", (error, culprit, where) => errors.push([error.code ?? error.message, culprit === session, where]));
    const hook = async (_, box) => (String(box.value) === "secret" ? spoil(box) : true);
    server.RegisterExtension({ name: "grows", [`before_send_${kind}`]: hook });
    const dropped = session[SENDS[kind]](payload(kind, "secret"));
    session[SENDS[kind]](payload(kind, "behind"));
    await within(dropped, "the promise of what is dropped");
    const frame = await client.nextOf({ utf8: "UTF8DATA", binary: "BINARYDATA", error: "ERROR" }[kind]);
    return { arrived: String(frame.payload), errors };
  }

  for (const extensionErrors of ["pass", "drop"]) {
    for (const kind of Object.keys(SENDS)) {
      test(`is dropped and reported: ${kind}, extensionErrors "${extensionErrors}"`, async (t) => {
        const result = await sendBoth(t, kind, extensionErrors, (box) => {
          box.value = large(kind);
          return true;
        });
        const report = ["ERR_CRYO_PAYLOAD_TOO_LARGE", true, `before_send_${kind} of extension 'grows'`];
        assert.deepEqual(result, { arrived: "behind", errors: [report] });
      });
    }
  }

  test("is dropped, too, where the hook then throws", async (t) => {
    const result = await sendBoth(t, "utf8", "pass", (box) => {
      box.value = large("utf8");
      throw new Error("failed");
    });
    const where = "before_send_utf8 of extension 'grows'";
    assert.deepEqual(result, { arrived: "behind", errors: [["failed", true, where], ["ERR_CRYO_PAYLOAD_TOO_LARGE", true, where]] });
  });

  test("is none where a receive hook has made it so", async (t) => {
    const { server, session, client } = await joined(t);
    server.RegisterExtension({ name: "grows", on_receive_utf8: async (_, box) => void (box.value = large("utf8")) });
    const received = event(session, "message-utf8");
    client.send("UTF8DATA", { payload: "small" });
    assert.equal((await received)[0].length, MAX_PAYLOAD + 1);
  });
});
