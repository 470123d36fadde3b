"use strict";

// The temporary file of a stream that is to be fetched, when the disk does not play along: the stream fails, its session and the
// process go on, and no descriptor stays behind.

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const path = require("node:path");
const { describe, test } = require("node:test");

const { join } = require("../support/clients");
const { PACKAGE } = require("../support/process");
const { Harness } = require("../support/server");
const { assertClosed, spilled, withoutFolder } = require("../support/temporary-files");
const { fetchAll, fetching } = require("../support/transactions");
const { event, until } = require("../support/wait");

const FAILED = "ERR_CRYO_STREAM_STORAGE";
const PIECE = Buffer.alloc(50_000);
/** All but 38 kB of it are for what is on its way. */
const SMALL = { maxStreamBytes: 300_000, streamChunkBytes: 10_000 };

/** A session whose client wants to fetch, with a server that keeps little in memory. */
async function begin(t, options) {
  return fetching(await Harness.start(t, { ...SMALL, ...options }));
}

/** A source that is too large for memory, and whether it was left in peace. */
function large() {
  const source = { destroyed: false };
  source.pieces = (function* () {
    try {
      for (let n = 0; n < 20; n++) yield PIECE;
    } finally {
      source.destroyed = true;
    }
  })();
  return source;
}

/** The client is served, and told nothing more of streams. */
async function assertToldNothing(client) {
  client.send("PING_PONG", { payload: "ping" });
  for (let frame = await client.next(); frame.name !== "PING_PONG"; frame = await client.next()) {
    assert.doesNotMatch(frame.name, /^TX_/);
  }
}

/** Fetches the next stream to its end. @returns {Promise<number>} Its bytes. */
async function fetchNext(client) {
  const { txId } = await client.nextOf("TX_START");
  return Buffer.concat(await fetchAll(client, txId)).length;
}

describe("without a folder for temporary files", () => {
  test('a stream too large for memory rejects, undelivered "reject"; the next one has its file', async (t) => {
    const { client, session } = await begin(t, { undelivered: "reject" });
    const restore = withoutFolder(t);
    const source = large();
    await assert.rejects(session.Stream(source.pieces, "down"), (error) => {
      assert.equal(error.code, FAILED);
      assert.equal(error.cause.code, "ENOENT");
      assert.match(error.message, /'down'.*ENOENT/);
      return true;
    });
    assert.equal(source.destroyed, true);
    await assertToldNothing(client);
    restore();
    const next = session.Stream(large().pieces);
    assert.equal(await fetchNext(client), 20 * PIECE.length);
    await next;
    await assertClosed();
  });

  test('a stream too large for memory resolves and is reported, undelivered "pending"', async (t) => {
    const { client, session, server } = await begin(t);
    withoutFolder(t);
    const reported = once(server, "error");
    await session.Stream(large().pieces);
    const [error, whose, where] = await reported;
    assert.deepEqual([error.code, whose, where], [FAILED, session, "temporary file of a stream"]);
    await assertToldNothing(client);
  });

  test("a stream that fits into memory is served", async (t) => {
    const { client, session } = await begin(t);
    withoutFolder(t);
    const streamed = session.Stream(["little"]);
    assert.equal(await fetchNext(client), 6);
    await streamed;
  });
});

test("a file whose name can't be removed is closed", { skip: process.platform === "win32" }, async (t) => {
  const { session } = await begin(t, { undelivered: "reject" });
  const names = [];
  t.mock.method(fs.promises, "unlink", async (name) => {
    names.push(name);
    throw Object.assign(new Error("EPERM"), { code: "EPERM" });
  });
  t.after(() => names.forEach((name) => fs.rmSync(name)));
  await assert.rejects(session.Stream(large().pieces), { code: FAILED });
  assert.equal(names.length, 1);
  await assertClosed();
});

test("a file that loses its data is cancelled where it was offered", { skip: process.platform !== "linux" }, async (t) => {
  const { client, session } = await begin(t, { undelivered: "reject" });
  const streamed = session.Stream(large().pieces);
  streamed.catch(() => {}); // awaited below
  const { txId } = await client.nextOf("TX_START");
  const [file] = spilled();
  fs.truncateSync(path.join("/proc/self/fd", file));
  client.send("TX_FETCH", { txId, start: 0, end: 100 });
  assert.equal((await client.nextOf("TX_CANCEL")).txId, txId);
  await assert.rejects(streamed, { code: FAILED });
  await assertToldNothing(client);
  await assertClosed();
});

test("a disk that is full: the process goes on, and no file stays open", { skip: process.platform === "win32" }, async (t) => {
  const app = `
    const server = require(${JSON.stringify(PACKAGE)}).cryo({ validate: () => true }, ${JSON.stringify({ ...SMALL, port: 0, undelivered: "reject" })});
    server.on("listening", () => process.send(server.http_server.address().port));
    server.on("session", (session) => {
      session.on("message-utf8", async (pieces) => {
        const source = Array(Number(pieces)).fill(Buffer.alloc(${PIECE.length}));
        const failure = await session.Stream(source).then(() => null, (error) => [error.code, error.cause.code]);
        session.SendUTF8(JSON.stringify(failure));
      });
    });
    process.on("message", () => process.send(require("node:fs").readdirSync("/dev/fd").length));
  `;
  // No file may become larger than 512 blocks of 512 or 1024 bytes, by system: a part of what is written still fits.
  const command = ["-c", 'ulimit -f 512 && exec "$0" -e "$1"', process.execPath, app];
  const child = spawn("sh", command, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  t.after(() => child.kill("SIGKILL"));
  const [port] = await event(child, "message");
  const client = await join(t, { port, acks: true });
  client.send("TX_FLOW", { behaviour: 1 });
  const descriptors = async () => {
    child.send("descriptors?");
    return (await event(child, "message"))[0];
  };
  const before = await descriptors();
  for (let round = 0; round < 5; round++) {
    client.send("UTF8DATA", { payload: "20" });
    const answer = await client.nextOf("UTF8DATA");
    assert.deepEqual(JSON.parse(answer.payload), [FAILED, "EFBIG"]);
  }
  await until(async () => (await descriptors()) <= before, "the files to be closed");
  client.send("UTF8DATA", { payload: "5" });
  assert.equal(await fetchNext(client), 5 * PIECE.length);
  assert.equal((await client.nextOf("UTF8DATA")).payload, "null");
});
