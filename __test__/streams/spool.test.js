"use strict";

// What the temporary files of a session's streams give back, and when they go.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { Spool } = require("../../lib/streams/spool.js");
const { assertClosed, spilled } = require("../support/temporary-files");
const { noise, pieces } = require("../support/transactions");

const MIB = 1024 * 1024;

/** A spool, and what it counts as. */
function make() {
  const readAhead = { used: 0 };
  return { spool: new Spool(readAhead), readAhead };
}

async function all(spool, stored) {
  const chunks = [];
  while (!stored.isEmpty) chunks.push(...(await spool.take(stored)));
  return chunks;
}

describe("a spool", () => {
  test("gives each stream its chunks, in order and as they were, also while more are put in", async () => {
    const { spool, readAhead } = make();
    const bodies = [1, 2, 3].map((seed) => [1, 5, 300_000, 65_532, 65_536, 70_000, 2].map((length) => noise(length, seed + length)));
    const stored = bodies.map(() => spool.open());
    for (const half of [0, 1]) {
      for (const [n, chunks] of bodies.entries()) await spool.append(stored[n], half === 0 ? chunks.slice(0, 3) : chunks.slice(3));
      if (half === 0) assert.deepEqual(await spool.take(stored[1]), bodies[1].slice(0, 2));
    }
    for (const n of [2, 0]) assert.deepEqual(await all(spool, stored[n]), bodies[n]);
    assert.deepEqual(await all(spool, stored[1]), bodies[1].slice(2));
    assert.equal(readAhead.used, 0);
    await assertClosed();
  });

  test("has several files where it is large, each as long as something in it is wanted", { skip: process.platform !== "linux" }, async () => {
    const { spool, readAhead } = make();
    const [first, second] = [spool.open(), spool.open()];
    const body = pieces(Buffer.alloc(40 * MIB, 7), MIB);
    await spool.append(first, body);
    await spool.append(second, body);
    await spool.append(first, body);
    assert.equal(spilled().length, 2);
    assert.ok(readAhead.used > 120 * MIB);
    assert.equal(spool.charge, readAhead.used);
    assert.equal((await all(spool, first)).length, 80);
    second.drop();
    assert.equal(readAhead.used, 0);
    await assertClosed();
  });

  test("counts little ones as what keeping them takes", async () => {
    const { spool, readAhead } = make();
    const stored = Array.from({ length: 10 }, () => spool.open());
    for (const one of stored) await spool.append(one, [Buffer.from("x")]);
    assert.equal(readAhead.used, 10 * 4096);
    stored.forEach((one) => one.drop());
    assert.equal(readAhead.used, 0);
    await assertClosed();
  });
});
