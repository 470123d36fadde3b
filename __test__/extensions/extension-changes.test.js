"use strict";

// Extensions that change while they are registered: hooks that come, go or become others, and names.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { joined, reports } = require("../support/server");
const { event, within } = require("../support/wait");

/** Hooks that mark what they see. */
const marking = (mark) => ({
  on_receive_utf8: async (_, box) => void (box.value += mark),
  before_send_utf8: async (_, box) => void (box.value += mark),
});

/** What a text becomes, on its way in and on its way out. */
async function throughHooks({ client, session }, text) {
  const message = event(session, "message-utf8");
  const ack = client.send("UTF8DATA", { payload: text });
  const [received] = await message;
  assert.equal((await client.nextOf("ACK")).ack, ack);
  session.SendUTF8(text);
  return [received, (await client.nextOf("UTF8DATA")).payload];
}

describe("hooks", () => {
  test("that on_register assigns run from the first message on", async (t) => {
    const { server, ...pair } = await joined(t);
    server.RegisterExtension({
      name: "late",
      on_register() {
        Object.assign(this, marking("!"));
      },
    });
    assert.deepEqual(await throughHooks(pair, "a"), ["a!", "a!"]);
  });

  test("that on_register assigns before it throws run, too", async (t) => {
    const { server, ...pair } = await joined(t);
    const errors = reports(server);
    server.RegisterExtension({
      name: "late",
      on_register() {
        Object.assign(this, marking("!"));
        throw new Error("too bad");
      },
    });
    assert.equal(errors.length, 1);
    assert.deepEqual(await throughHooks(pair, "a"), ["a!", "a!"]);
  });

  test("that an async on_register assigns run once it has settled", async (t) => {
    const { server, ...pair } = await joined(t);
    const assigned = [];
    for (const fails of [false, true]) {
      server.on("error", () => {});
      server.RegisterExtension({
        name: `fails: ${fails}`,
        async on_register() {
          await new Promise(setImmediate);
          Object.assign(this, marking("!"));
          setImmediate(() => assigned.push(fails));
          if (fails) throw new Error("too bad");
        },
      });
    }
    while (assigned.length < 2) await new Promise(setImmediate);
    assert.deepEqual(await throughHooks(pair, "a"), ["a!!", "a!!"]);
  });

  test("of an extension that on_register has unregistered do not run", async (t) => {
    const { server, ...pair } = await joined(t);
    server.RegisterExtension({
      name: "brief",
      async on_register() {
        server.UnregisterExtension(this);
        await null;
        Object.assign(this, marking("!"));
      },
    });
    assert.deepEqual(await throughHooks(pair, "a"), ["a", "a"]);
  });

  test("that are added later run from the next registration or unregistration on", async (t) => {
    const { server, ...pair } = await joined(t);
    const extension = { name: "late" };
    server.RegisterExtension(extension);
    Object.assign(extension, marking("!"));
    assert.deepEqual(await throughHooks(pair, "a"), ["a", "a"]);
    server.RegisterExtension({ name: "another" });
    assert.deepEqual(await throughHooks(pair, "b"), ["b!", "b!"]);
  });

  test("that are replaced run as they are", async (t) => {
    const { server, ...pair } = await joined(t);
    const extension = { name: "changes", ...marking("!") };
    server.RegisterExtension(extension);
    Object.assign(extension, marking("?"));
    assert.deepEqual(await throughHooks(pair, "a"), ["a?", "a?"]);
  });

  test("that are no functions any more are passed over, and nothing is reported", async (t) => {
    const { server, ...pair } = await joined(t, { extensionErrors: "drop" });
    const errors = reports(server);
    const extension = { name: "changes", ...marking("!") };
    server.RegisterExtension(extension);
    server.RegisterExtension({ name: "behind", ...marking("?") });
    delete extension.on_receive_utf8;
    extension.before_send_utf8 = null;
    assert.deepEqual(await throughHooks(pair, "a"), ["a?", "a?"]);
    Object.assign(extension, marking("!"));
    assert.deepEqual(await throughHooks(pair, "b"), ["b!?", "b!?"]);
    server.UnregisterExtension("behind");
    for (const hook of Object.keys(marking(""))) delete extension[hook];
    assert.deepEqual(await throughHooks(pair, "c"), ["c", "c"]);
    assert.deepEqual(errors, []);
  });
});

describe("unregistration by object", () => {
  test("finds it under the name that it was registered by", async (t) => {
    const { server, ...pair } = await joined(t);
    const gone = [];
    const extension = { name: "first", on_unregister: () => gone.push("first"), ...marking("!") };
    server.RegisterExtension(extension);
    extension.name = "second";
    assert.equal(server.GetExtension("first"), extension);
    server.UnregisterExtension(extension);
    assert.equal(server.GetExtension("first"), null);
    assert.deepEqual(await throughHooks(pair, "a"), ["a", "a"]);
    assert.deepEqual(gone, ["first"]);
  });

  test("leaves another one of that name alone", async (t) => {
    const { server, ...pair } = await joined(t);
    const extension = { name: "twin", ...marking("!") };
    const refused = { name: "twin" };
    server.RegisterExtension(extension);
    assert.throws(() => server.RegisterExtension(refused), { code: "ERR_CRYO_EXTENSION_EXISTS" });
    server.UnregisterExtension(refused);
    assert.equal(server.GetExtension("twin"), extension);
    assert.deepEqual(await throughHooks(pair, "a"), ["a!", "a!"]);
  });

  test("removes it under all names that it was registered by", async (t) => {
    const { server, ...pair } = await joined(t);
    const extension = { name: "one", ...marking("!") };
    server.RegisterExtension(extension);
    extension.name = "two";
    server.RegisterExtension(extension);
    assert.deepEqual(await throughHooks(pair, "a"), ["a!!", "a!!"]);
    server.UnregisterExtension(extension);
    for (const name of ["one", "two"]) assert.equal(server.GetExtension(name), null);
    assert.deepEqual(await throughHooks(pair, "b"), ["b", "b"]);
  });

  test("ignores what is no extension", async (t) => {
    const { server } = await joined(t);
    const extension = { name: "stays" };
    server.RegisterExtension(extension);
    for (const value of [undefined, null, 1, {}, Object.create(extension)]) server.UnregisterExtension(value);
    assert.equal(server.GetExtension("stays"), extension);
    await within(server.Destroy(), "Destroy()");
  });
});

describe("registration on a server that has ended", () => {
  const refused = { code: "ERR_CRYO_SERVER_CLOSED" };
  const late = (more) => ({ name: "late", on_register: () => assert.fail("registered"), ...more });

  test("throws, and leaves nothing behind", async (t) => {
    const { server } = await joined(t);
    await within(server.Destroy(), "Destroy()");
    assert.throws(() => server.RegisterExtension(late()), refused);
    assert.equal(server.GetExtension("late"), null);
  });

  test("throws in an on_unregister at its end, too", async (t) => {
    const { server } = await joined(t);
    const codes = [];
    server.on("error", ({ code }, session, where) => codes.push([code, where]));
    server.RegisterExtension({ name: "first", on_unregister: () => server.RegisterExtension(late()) });
    await within(server.Destroy(), "Destroy()");
    assert.deepEqual(codes, [["ERR_CRYO_SERVER_CLOSED", "on_unregister of extension 'first'"]]);
    assert.equal(server.GetExtension("late"), null);
  });
});
