"use strict";

// Asynchronous contexts: what one client's code enters with AsyncLocalStorage reaches nobody else's, in the same batch of events
// or later, and is kept by what follows from it.

const assert = require("node:assert/strict");
const { AsyncLocalStorage } = require("node:async_hooks");
const { describe, test } = require("node:test");
const { setImmediate: turn } = require("node:timers/promises");

const { requestHead, target } = require("../support/http");
const { HttpService, received } = require("../support/http-service");
const { Harness, joined } = require("../support/server");
const { standStill, together } = require("../support/together");
const { event, within } = require("../support/wait");

const TEXT = ["UTF8DATA", { payload: "text" }];
/** Frames, by the event of the session that each one causes. */
const FRAMES = {
  "message-utf8": TEXT,
  "message-binary": ["BINARYDATA", { payload: "bytes" }],
  "message-error": ["ERROR", { payload: "error" }],
};
/** In ms: enough for the server to read what it was sent, as a rule. Where it is not, a later batch has it. */
const A_MOMENT = 50;

/** Has each of a session's texts enter a store. */
function enterAt(session, storage) {
  session.on("message-utf8", () => storage.enterWith("another's"));
}

/** The stores that a session's listeners see, with their events. */
function seenBy(session, storage) {
  const seen = [];
  for (const name of [...Object.keys(FRAMES), "closed"]) session.on(name, () => seen.push([name, storage.getStore()]));
  return seen;
}

/** A text that its listeners have had. */
async function text({ client, session }) {
  const message = event(session, "message-utf8");
  client.send(...TEXT);
  await message;
}

describe("a store that is entered in a listener of one session", () => {
  test("is not seen by another session's listeners", async (t) => {
    const storage = new AsyncLocalStorage();
    const { harness, ...first } = await joined(t);
    const second = await harness.join();
    enterAt(first.session, storage);
    const seen = seenBy(second.session, storage);
    const last = event(second.session, "message-error");
    together(...Object.values(FRAMES).flatMap((frame) => [[first, TEXT], [second, frame]]));
    await last;
    for (const [name, frame] of Object.entries(FRAMES)) {
      await text(first);
      const message = event(second.session, name);
      second.client.send(...frame);
      await message;
    }
    await text(first);
    const closed = event(second.session, "closed");
    second.client.close();
    await closed;
    const names = Object.keys(FRAMES);
    assert.deepEqual(seen, [...names, ...names, "closed"].map((name) => [name, undefined]));
  });

  test("is not seen by another client's validator or `session` listener", async (t) => {
    const storage = new AsyncLocalStorage();
    const seen = [];
    const validate = (token) => {
      seen.push(["validator", storage.getStore()]);
      // Some answers come in a later turn.
      return token === "later" ? turn(true) : true;
    };
    const harness = await Harness.start(t, {}, { validate });
    harness.server.on("session", () => seen.push(["session", storage.getStore()]));
    const first = await harness.join();
    enterAt(first.session, storage);
    for (const token of ["at once", "later"]) {
      const client = await harness.open();
      together([first, TEXT]);
      client.write(requestHead(target(client.sid, token)));
      standStill(A_MOMENT);
      assert.equal((await client.response()).status, 101);
      await text(first);
      await harness.join({ token });
    }
    const visits = Array.from({ length: 5 }, () => [["validator", undefined], ["session", undefined]]);
    assert.deepEqual(seen, visits.flat());
  });

  test("is not seen by a `request` listener of http_server", async (t) => {
    const storage = new AsyncLocalStorage();
    const seen = [];
    const service = await HttpService.start(t, false, (request, response) => {
      seen.push(storage.getStore());
      response.end("done");
    });
    const first = await service.harness.join();
    enterAt(first.session, storage);
    for (let round = 0; round < 2; round++) {
      const socket = await service.connect();
      together([first, TEXT]);
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      standStill(A_MOMENT);
      await received(socket, "done");
      await text(first);
      await service.request("/");
    }
    assert.deepEqual(seen, Array(4).fill(undefined));
  });

  test("is not seen by another session of ConnectPeer()", async (t) => {
    const storage = new AsyncLocalStorage();
    const [here, there] = await Promise.all([Harness.start(t), Harness.start(t)]);
    const connect = async () => {
      const arrival = event(there.server, "session");
      const peer = await here.server.ConnectPeer(`ws://127.0.0.1:${there.port}`, "tok");
      return { peer, session: (await arrival)[0] };
    };
    const [first, second] = [await connect(), await connect()];
    enterAt(first.peer, storage);
    const seen = [seenBy(second.peer, storage), seenBy(second.session, storage)];
    for (let round = 0; round < 10; round++) {
      const messages = [event(first.peer, "message-utf8"), event(second.peer, "message-utf8"), event(second.session, "message-utf8")];
      // Sent in one turn, so that they mostly come in one, too.
      first.session.SendUTF8("text");
      second.session.SendUTF8("text");
      second.peer.SendUTF8("text");
      await Promise.all(messages);
    }
    assert.deepEqual(seen, Array(2).fill(Array(10).fill(["message-utf8", undefined])));
  });
});

test("a store that is entered in a validator is not seen by another client's validator or `session` listener", async (t) => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const validate = async (token) => {
    seen.push(storage.getStore());
    if (token === "enters") storage.enterWith("another's");
    return true;
  };
  const harness = await Harness.start(t, {}, { validate });
  harness.server.on("session", (session) => {
    if (session.Get("__TOKEN") !== "enters") seen.push(storage.getStore());
  });
  const clients = [];
  for (let n = 0; n < 4; n++) clients.push(await harness.open());
  // Every other one, and all in one turn.
  for (const [n, client] of clients.entries()) client.write(requestHead(target(client.sid, n % 2 === 0 ? "enters" : "tok")));
  standStill(A_MOMENT);
  for (const client of clients) assert.equal((await client.response()).status, 101);
  await harness.join();
  // Five validators, and three of the sessions.
  assert.deepEqual(seen, Array(8).fill(undefined));
});

describe("a store is kept", () => {
  test("within a listener, after everything that it awaits", async (t) => {
    const storage = new AsyncLocalStorage();
    const { harness, ...first } = await joined(t, {}, { acks: true });
    const pairs = [first, await harness.join({ acks: true })];
    const seen = pairs.map(({ session }, index) => {
      return new Promise((resolve) => {
        session.on("message-utf8", async () => {
          storage.enterWith(index);
          const stores = [];
          for (const step of [null, turn(), session.SendUTF8("answer"), event(session, "message-binary")]) {
            await step;
            stores.push(storage.getStore());
          }
          resolve(stores);
        });
      });
    });
    together(...pairs.map((pair) => [pair, TEXT]));
    for (const { client } of pairs) {
      await client.nextOf("UTF8DATA");
      client.send(...FRAMES["message-binary"]);
    }
    assert.deepEqual(await within(Promise.all(seen), "both listeners"), [Array(4).fill(0), Array(4).fill(1)]);
  });

  test("after a send that it was entered for, whatever listeners enter meanwhile", async (t) => {
    const storage = new AsyncLocalStorage();
    const { client, session } = await joined(t);
    enterAt(session, storage);
    const sent = storage.run("mine", async () => {
      await session.SendUTF8("question");
      return storage.getStore();
    });
    const { ack } = await client.nextOf("UTF8DATA");
    client.write(Buffer.concat([client.message(...TEXT), client.message("ACK", { ack }), client.message(...TEXT)]));
    assert.equal(await within(sent, "the ACK"), "mine");
  });
});
