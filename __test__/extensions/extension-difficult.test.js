"use strict";

// Extensions that freeze their boxes, or whose hooks are getters that throw: that is reported, and costs neither messages nor the server.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { Harness, joined, reports } = require("../support/server");
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
