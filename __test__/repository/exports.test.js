"use strict";

// What the package exports, as values and as types, and that both spellings of a method are one and the same.

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const path = require("node:path");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const cryoServer = require("../..");
const { ROOT } = require("../support/repository");
const { joined } = require("../support/server");
const { download, upload } = require("../support/transactions");

const VALUES = [
  "CRYO_FLOW_BEHAVIOUR",
  "CryoBaseManager",
  "CryoError",
  "CryoReadable",
  "CryoServerWebsocketSession",
  "CryoTransactionManager",
  "CryoWebsocketServer",
  "cryo",
];

describe("the module", () => {
  test("gives require() its values and no others", () => {
    assert.deepEqual(Object.keys(cryoServer).sort(), VALUES);
  });

  test("gives import the same ones", async () => {
    const namespace = await import("../../index.js");
    for (const name of VALUES) assert.equal(namespace[name], cryoServer[name], name);
  });

  test("has the numbers of the protocol in CRYO_FLOW_BEHAVIOUR", () => {
    assert.deepEqual({ ...cryoServer.CRYO_FLOW_BEHAVIOUR }, { TX_PUSH: 0, TX_PULL: 1 });
  });

  test("has the classes of what it makes, for instanceof", async (t) => {
    const { client, server, session } = await joined(t);
    assert.ok(server instanceof cryoServer.CryoWebsocketServer);
    assert.ok(session instanceof cryoServer.CryoServerWebsocketSession);
    assert.ok(session.base instanceof cryoServer.CryoBaseManager);
    assert.ok(session.stream instanceof cryoServer.CryoTransactionManager);
    upload(client, 1, "anonymous", []);
    assert.ok((await session.WaitForStream()) instanceof cryoServer.CryoReadable);
  });
});

test("a server is made by cryo() alone", () => {
  for (const options of [undefined, { port: 0 }]) {
    assert.throws(() => new cryoServer.CryoWebsocketServer({ validate: () => true }, options), {
      name: "TypeError",
      code: "ERR_CRYO_INVALID_ARGUMENT",
      message: "CryoWebsocketServer takes no `new`: call cryo(validator, options).",
    });
  }
});

describe("the types", () => {
  const run = (...args) => spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });

  test("compile with the applications of __test__/types, as ES modules and as CommonJS", () => {
    const copied = run(path.join("scripts", "copy-type-tests.js"));
    assert.equal(copied.status, 0, copied.stderr);
    const { status, stdout, stderr } = run(path.join("node_modules", "typescript", "bin", "tsc"));
    assert.equal(status, 0, stdout + stderr);
  });
});

describe("both spellings of a stream's method", () => {
  const owners = { session: (session) => session, "session.stream": (session) => session.stream };

  for (const [spelling, owner] of Object.entries(owners)) {
    test(`${spelling}.Stream(), by default as "anonymous"`, async (t) => {
      const { client, session } = await joined(t, {}, { acks: true });
      const streamed = owner(session).Stream([Buffer.from("down")]);
      const { name, chunks } = await download(client);
      assert.deepEqual([name, String(chunks)], ["anonymous", "down"]);
      await streamed;
    });

    test(`${spelling}.WaitForStream(), by default for "anonymous"`, async (t) => {
      const { client, session } = await joined(t);
      const waiting = owner(session).WaitForStream();
      upload(client, 1, "other", [Buffer.from("other")]);
      upload(client, 2, "anonymous", [Buffer.from("up")]);
      const readable = await waiting;
      assert.deepEqual([readable.txId, String(await buffer(readable))], [2, "up"]);
      await assert.rejects(owner(session).WaitForStream("nothing", 1), { message: "Timeout elapsed!" });
    });

    for (const behaviour of [0, 1]) {
      test(`${spelling}.SetIncomingFlowControl(${behaviour})`, async (t) => {
        const { client, session } = await joined(t, {}, { acks: true });
        const set = owner(session).SetIncomingFlowControl(behaviour);
        assert.equal((await client.nextOf("TX_FLOW")).behaviour, behaviour);
        await set;
      });
    }

    const method = spelling === "session" ? "StreamFetchRange" : "StreamRequestRange";
    test(`${spelling}.${method}()`, async (t) => {
      const { client, session } = await joined(t, {}, { acks: true });
      const pull = session.SetIncomingFlowControl(cryoServer.CRYO_FLOW_BEHAVIOUR.TX_PULL);
      await client.nextOf("TX_FLOW");
      await pull;
      client.send("TX_START", { txId: 3, byteLength: 2, streamName: "up" });
      const readable = await session.WaitForStream("up");
      const fetched = owner(session)[method](readable, 0, 1);
      const { txId, start, end } = await client.nextOf("TX_FETCH");
      assert.deepEqual([txId, start, end], [3, 0, 1]);
      await fetched;
      client.send("TX_CHUNK", { txId: 3, seq: 0, payload: "up" });
      client.send("TX_FINISH", { txId: 3 });
      assert.equal(String(await buffer(readable)), "up");
    });
  }
});
