"use strict";

// A claimed stream that nobody reads and that can't be moved out of the way of the others: the disk does not play along, or has no room.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { MIB, SMALL, begin, lookUntil, standstill, withLooks } = require("../support/standstill");
const { withoutFolder } = require("../support/temporary-files");
const { chunk, endless, finish, noise, pieces, sha256, upload } = require("../support/transactions");

const FAILED = "ERR_CRYO_STREAM_STORAGE";

describe("an idle stream that can't be moved", () => {
  test("waits, and is moved when that can be done", async (t) => {
    const restore = withoutFolder(t);
    const { look } = withLooks(t);
    const { client, idle, body, text } = await standstill(t);
    const tried = t.mock.method(fs.promises, "open");
    await lookUntil(look, () => tried.mock.callCount() > 2, "the file to be tried again");
    restore();
    finish(client, 0);
    finish(client, 1);
    let there = false;
    text.then(() => (there = true));
    await lookUntil(look, () => there, "the other one to go on");
    assert.equal(await text, "ab");
    assert.equal(sha256(await buffer(idle)), sha256(body));
  });

  test("is given up after a minute where there is no file to be had", async (t) => {
    withoutFolder(t);
    const { look } = withLooks(t);
    const { client, idle, text } = await standstill(t);
    finish(client, 1);
    await lookUntil(look, () => idle.errored, "the stream's end");
    assert.equal(idle.errored.code, FAILED);
    assert.equal(idle.errored.cause.code, "ENOENT");
    assert.match(idle.errored.message, /stream '0'.*ENOENT/);
    assert.equal((await client.nextOf("TX_CANCEL")).txId, 0);
    assert.equal(await text, "ab");
  });

  test("is given up where others have all that files may keep", async (t) => {
    const { harness } = await endless(t, { ...SMALL, maxStreamBytes: 400_000, streamChunkBytes: 100_000 });
    const { look } = withLooks(t);
    const pair = await harness.join({ acks: true });
    const [idle, read] = await begin(pair, 2);
    idle.on("error", () => {}); // seen by `errored`
    const text = buffer(read).then(String);
    for (const payload of pieces(noise(10 * MIB), 50_000)) chunk(pair.client, 0, payload);
    upload(pair.client, 2, "after", [Buffer.from("x")]);
    finish(pair.client, 1);
    await lookUntil(look, () => idle.errored, "the stream's end");
    assert.equal(idle.errored.code, FAILED);
    assert.match(idle.errored.message, /^The stream '0' is not read, /);
    assert.equal(idle.errored.cause, undefined);
    assert.equal((await pair.client.nextOf("TX_CANCEL")).txId, 0);
    assert.equal(await text, "");
    assert.equal(String(await buffer(await pair.session.WaitForStream("after"))), "x");
  });
});
