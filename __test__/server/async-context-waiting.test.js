"use strict";

// Asynchronous contexts of what has to wait: for a hook, or for the peer. It goes on in the context that it came from, whatever lets it go on.

const assert = require("node:assert/strict");
const { AsyncLocalStorage } = require("node:async_hooks");
const { test } = require("node:test");

const { Gate } = require("../support/gate");
const { Harness, joined } = require("../support/server");
const { download } = require("../support/transactions");
const { event, within } = require("../support/wait");

test("a before_send_* hook runs in the context of its own send, behind others of its session", async (t) => {
  const storage = new AsyncLocalStorage();
  const { server, session, client } = await joined(t);
  const note = async (_, box) => {
    box.value += ` ${storage.getStore()}`;
    await null;
    box.value += ` ${storage.getStore()}`;
  };
  for (const name of ["first", "second"]) server.RegisterExtension({ name, before_send_utf8: note });
  const stores = ["a", "b", "c", undefined];
  for (const store of stores) storage.run(store, () => session.SendUTF8("in"));
  for (const store of stores) assert.equal((await client.nextOf("UTF8DATA")).payload, `in${` ${store}`.repeat(4)}`);
});

test("what a listener enters is not seen by what has waited behind its message's hook", async (t) => {
  const storage = new AsyncLocalStorage();
  const { server, session, client } = await joined(t);
  const gate = new Gate();
  const seen = [];
  const look = (what) => seen.push([what, storage.getStore()]);
  server.RegisterExtension({
    name: "gate",
    on_receive_utf8(_, box) {
      look(`hook of ${box.value}`);
      return gate.hook(_, box);
    },
  });
  session.on("message-utf8", (text) => {
    look(text);
    storage.enterWith("a listener's");
  });
  session.on("message-binary", () => look("message-binary"));
  session.stream.on("tx-start", () => look("tx-start"));
  session.on("closed", () => look("closed"));
  client.send("UTF8DATA", { payload: "one" });
  client.send("BINARYDATA", { payload: "bytes" });
  client.send("TX_START", { txId: 1, byteLength: -1, streamName: "log" });
  client.send("UTF8DATA", { payload: "two" });
  await Promise.all([client.roundTrip(), gate.reached("one")]);
  gate.open("one");
  await gate.reached("two");
  // This does not wait for hooks, and the event does.
  await within(session.Close(), "the end of the session");
  const closed = event(session, "closed");
  gate.open("two");
  await closed;
  const order = ["hook of one", "one", "message-binary", "tx-start", "hook of two", "two", "closed"];
  assert.deepEqual(seen, order.map((what) => [what, undefined]));
});

test("`dropped` is told in the context of its session, not in that of the send that there was no room for", async (t) => {
  const storage = new AsyncLocalStorage();
  const { server, session } = await joined(t, { backpressure: { maxQueueCount: 1 } });
  const gate = new Gate();
  server.RegisterExtension({ name: "gate", before_send_utf8: gate.hook });
  const dropped = new Promise((resolve) => session.once("dropped", (count) => resolve([count, storage.getStore()])));
  storage.run("a send's", () => ["1", "2", "3"].forEach((text) => session.SendUTF8(text)));
  assert.deepEqual(await within(dropped, "the event"), [1, undefined]);
  ["1", "3"].forEach((text) => gate.open(text));
});

test("the source of a stream runs in the context of its call, also where that has to wait until the peer announces itself", async (t) => {
  const storage = new AsyncLocalStorage();
  const harness = await Harness.start(t);
  const { client, session } = await harness.meet({ acks: true });
  const seen = [];
  const source = async function* () {
    for (let n = 0; n < 3; n++) {
      seen.push(storage.getStore());
      yield Buffer.from("piece");
    }
  };
  const streams = ["a", "b"].map((store) => storage.run(store, () => session.Stream(source(), store)));
  await client.announce();
  await download(client);
  await within(Promise.all(streams), "the streams");
  assert.deepEqual(seen.sort(), ["a", "a", "a", "b", "b", "b"]);
});

test("a session of ConnectPeer() has the context of its call", async (t) => {
  const storage = new AsyncLocalStorage();
  const there = await Harness.start(t);
  const here = await storage.run("cryo()", () => Harness.start(t));
  const connect = async (store) => {
    const arrival = event(there.server, "session");
    const peer = await storage.run(store, () => here.server.ConnectPeer(`ws://127.0.0.1:${there.port}`, "tok"));
    return { peer, session: (await arrival)[0] };
  };
  const stores = ["a", "b", undefined];
  const seen = [];
  const pairs = [];
  for (const store of stores) {
    const pair = await connect(store);
    for (const name of ["message-utf8", "closed"]) pair.peer.on(name, () => seen.push(`${store}: ${name} in ${storage.getStore()}`));
    pairs.push(pair);
  }
  const each = (name, act) => Promise.all(pairs.map((pair) => (act(pair), event(pair.peer, name))));
  await each("message-utf8", ({ session }) => session.SendUTF8("text"));
  await each("closed", ({ session }) => session.Close());
  const expected = stores.flatMap((store) => ["message-utf8", "closed"].map((name) => `${store}: ${name} in ${store}`));
  assert.deepEqual(seen.sort(), expected.sort());
});
