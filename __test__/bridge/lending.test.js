"use strict";

// Sessions whose sockets the event loop reads itself, because they ask one thing after the other while little else goes on: nothing about them
// may be different, and the socket is given back whenever there is more to do than to read it.

const assert = require("node:assert/strict");
const { createHook } = require("node:async_hooks");
const { describe, test } = require("node:test");

const certificate = require("../support/certs");
const { freePath } = require("../support/folder");
const { ask, lentIn, noLending } = require("../support/lending");
const { Harness } = require("../support/server");
const { event, until, within } = require("../support/wait");

/** A WebSocket ping without a payload, masked. */
const PING = Buffer.from([0x89, 0x80, 1, 2, 3, 4]);

/** How many sessions are lent. */
const lent = (server) => lentIn(server.Metrics());

/** Has `count` sessions of an echo server lent. */
async function lentOnes(t, count = 1, options = {}, clientOptions = {}) {
  const harness = await Harness.start(t, options);
  const { server } = harness;
  server.on("session", (session) => session.on("message-utf8", (text) => void session.SendUTF8(text)));
  const pairs = [];
  for (let n = 0; n < count; n++) pairs.push(await harness.join({ acks: true, ...clientOptions }));
  const clients = pairs.map(({ client }) => client);
  await ask(clients, () => lent(server) === count, `${count} to be lent`);
  return { harness, server, clients, ...pairs[0] };
}

/** Waits until none is lent. */
const returned = (server) =>
  within(
    (async () => {
      while (lent(server) > 0) await new Promise((resolve) => setImmediate(resolve));
    })(),
    "the socket's return",
  );

describe("a session that keeps asking", { skip: noLending }, () => {
  const file = freePath(test);
  const ways = { TCP: {}, TLS: { ssl: certificate }, "a Unix domain socket": { port: undefined, path: file } };

  for (const [way, options] of Object.entries(ways)) {
    test(`is lent over ${way}, and given back when much comes at once`, async (t) => {
      const { server, client } = await lentOnes(t, 1, options, options.path && { path: file });
      const many = Array.from({ length: 1000 }, (_, n) => `many ${n}`);
      client.write(Buffer.concat(many.map((payload) => client.message("UTF8DATA", { payload }))));
      for (const payload of many) assert.equal((await client.nextOf("UTF8DATA")).payload, payload);
      await returned(server);
      await ask([client], () => lent(server) === 1, "it to be lent again");
    });
  }

  test("is lent beside others that do", async (t) => {
    const { server, clients } = await lentOnes(t, 3);
    for (const client of clients) client.destroy();
    await returned(server);
  });

  test("is given back when it stops, and served as before", async (t) => {
    const { server, client } = await lentOnes(t);
    await returned(server);
    let asked = false;
    await ask([client], () => asked || void (asked = true), "an answer");
  });

  test("is given back when it does not take what it is sent", async (t) => {
    const { server, client, session } = await lentOnes(t);
    client.pause();
    const data = Buffer.alloc(8 << 20, "data");
    const sent = session.SendBinary(data);
    await returned(server);
    client.resume();
    assert.ok(data.equals((await client.nextOf("BINARYDATA")).payload));
    await within(sent, "its ACK");
  });

  test("is given back when nothing but pings comes, which JavaScript does not hear of", async (t) => {
    const bridges = new Set();
    let calls = 0;
    const hook = createHook({
      init: (id, type) => type === "CryoServer" && bridges.add(id),
      before: (id) => (calls += bridges.has(id)),
    }).enable();
    t.after(() => hook.disable());
    const { server, client, session } = await lentOnes(t);
    const ping = async () => {
      client.write(PING);
      await client.wsPongs.next("a pong");
    };
    const unheard = async () => {
      await ask([client], () => lent(server) === 1, "it to be lent");
      // Behind its ACK nothing is under way.
      await within(session.SendUTF8("an event"), "its ACK");
      assert.equal((await client.nextOf("UTF8DATA")).payload, "an event");
      await ping();
      const before = calls;
      for (let n = 0; n < 3; n++) await ping();
      assert.equal(calls - before, 0);
      // A machine that stalls meanwhile has it given back as one that has fallen silent.
      return lent(server) === 1;
    };
    await until(unheard, "it to be still lent behind some pings");
    let over = false;
    const pinging = (async () => {
      while (!over) await ping();
    })();
    await returned(server);
    over = true;
    await pinging;
    await ask([client], () => lent(server) === 1, "it to be lent again");
  });

  test("has a message of many reads whole", async (t) => {
    const { client, session } = await lentOnes(t);
    const data = Buffer.alloc(3 << 20, "data");
    const message = event(session, "message-binary");
    client.send("BINARYDATA", { payload: data });
    assert.ok(data.equals((await message)[0]));
  });

  const ends = {
    BYE: ({ client }) => client.send("BYE", { reason: "" }),
    "a close frame": ({ client }) => client.close(),
    "a FIN": ({ client }) => client.socket.end(),
    "an RST": ({ client }) => client.reset(),
    "something that is no frame": ({ client }) => client.write(Buffer.alloc(64, 0xff)),
    "Close()": ({ session }) => session.Close(),
    "Destroy() of the session": ({ session }) => session.Destroy(),
    "Destroy() of the server": ({ server }) => void server.Destroy(),
    "Drain()": ({ server }) => void server.Drain(0),
  };
  for (const [how, end] of Object.entries(ends)) {
    test(`ends by ${how} as it should`, async (t) => {
      const lending = await lentOnes(t);
      const closed = event(lending.session, "closed");
      end(lending);
      await closed;
      await lending.client.closed();
      await returned(lending.server);
    });
  }
});
