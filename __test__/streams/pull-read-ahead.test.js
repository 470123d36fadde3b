"use strict";

// A stream that is to be fetched and whose source does not end: how far it is read before anybody asks for it, and from then on.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { ALL, endless, fetchAll, fetchRange, fetching, noise, pieces, sha256 } = require("../support/transactions");

const MIB = 1024 * 1024;
/** What is read ahead, in chunks. */
const AHEAD = 2048;
/** Of the pieces that a source may have given, one is on its way to the store, and one has been cut into a chunk that is not full. */
const SPARE = 2;

describe("a fetched stream without end", () => {
  test("is read on as far as its client fetches, and not before", async (t) => {
    const { client, source, txId } = await endless(t);
    const most = (chunks) => assert.ok(source.given <= chunks + SPARE, `${source.given} pieces were taken for ${chunks} chunks`);
    most(AHEAD);
    await fetchRange(client, txId, 0, 3);
    most(AHEAD);
    await fetchRange(client, txId, AHEAD - 1, AHEAD + 5);
    most(AHEAD + 6);
    assert.ok((await fetchRange(client, txId, 1, 3)).every(({ length }) => length === MIB));
    most(AHEAD + 6);
    client.send("TX_FETCH", { txId, ...ALL });
    await client.nextOf("TX_CHUNK");
    client.send("TX_CANCEL", { txId });
  });

  test("is cancelled where its client asks for what is far ahead", async (t) => {
    const { client, source, streamed, txId } = await endless(t);
    client.send("TX_FETCH", { txId, start: 1_000_000, end: 1_000_001 });
    await assert.rejects(streamed, (error) => {
      assert.equal(error.code, "ERR_CRYO_STREAM_STORAGE");
      assert.match(error.message, /chunk 1000000 of the stream 'log'/);
      return true;
    });
    assert.equal((await client.nextOf("TX_CANCEL")).txId, txId);
    assert.ok(source.given <= AHEAD + 1 + SPARE, `${source.given} pieces were taken`);
  });
});

describe("beside a stream that has all of the read-ahead", () => {
  test("others are offered without their length, and are the same", async (t) => {
    const { harness } = await endless(t);
    const { client, session } = await fetching(harness);
    const body = noise(8 * MIB + 100);
    const source = { given: 0 };
    const parts = pieces(body, 300_000);
    const streamed = session.Stream((function* () { for (; source.given < parts.length; source.given++) yield parts[source.given]; })());
    const { txId, byteLength } = await client.nextOf("TX_START");
    assert.equal(byteLength, -1);
    assert.ok(source.given * 300_000 < 5 * MIB, `${source.given} pieces were taken before anybody asked`);
    const first = await fetchRange(client, txId, 0, 3);
    assert.deepEqual(await fetchRange(client, txId, 1, 2), first.slice(1, 2));
    assert.equal(sha256(await fetchAll(client, txId)), sha256(body));
    await streamed;
  });

  test("one whose source fails later is cancelled", async (t) => {
    const { harness } = await endless(t);
    const { client, session } = await fetching(harness);
    const part = Buffer.alloc(MIB);
    const streamed = session.Stream((function* () { for (let n = 0; n < 6; n++) yield part; throw new Error("no"); })());
    const { txId } = await client.nextOf("TX_START");
    client.send("TX_FETCH", { txId, ...ALL });
    await assert.rejects(streamed, { code: "ERR_CRYO_STREAM_SOURCE" });
    assert.equal((await client.nextOf("TX_CANCEL")).txId, txId);
  });

  test("and once that has ended, they are offered with their length", async (t) => {
    const { client, session, streamed, txId } = await endless(t);
    client.send("TX_CANCEL", { txId });
    await assert.rejects(streamed, { code: "ERR_CRYO_STREAM_CANCELLED" });
    session.Stream(pieces(noise(8 * MIB), MIB));
    assert.equal((await client.nextOf("TX_START")).byteLength, 8 * MIB);
  });
});
