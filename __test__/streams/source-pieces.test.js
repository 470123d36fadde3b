"use strict";

// Pieces of a source that are out of the ordinary: without an end, transferred elsewhere, of another realm, or far larger than a chunk.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { setImmediate: turn } = require("node:timers/promises");
const vm = require("node:vm");

const { chunksOf } = require("../../lib/streams/chunks.js");
const { joined } = require("../support/server");
const { download } = require("../support/transactions");
const { until, within } = require("../support/wait");

const FAILED = { name: "CryoError", code: "ERR_CRYO_STREAM_SOURCE" };
const INVALID = { name: "TypeError", code: "ERR_CRYO_INVALID_ARGUMENT" };
/** Empty pieces that are taken while a timer of a millisecond is due. */
const LIMIT = 1_000_000;
const REJECT = { undelivered: "reject" };

/** What is left of it when its memory is somewhere else. */
function transferred(piece) {
  const buffer = piece instanceof ArrayBuffer ? piece : piece.buffer;
  structuredClone(buffer, { transfer: [buffer] });
  return piece;
}

describe("a source", () => {
  for (const [kind, endless] of [
    ["sync", function* (over) { while (!over()) yield ""; }],
    ["async", async function* (over) { while (!over()) yield Buffer.alloc(0); }],
  ]) {
    test(`of empty pieces without end leaves the event loop to others, ${kind}`, async (t) => {
      const { session } = await joined(t, {}, { acks: true });
      let asked = 0;
      let cameRound = false;
      const over = () => {
        if (asked++ === 0) setTimeout(() => (cameRound = true), 1);
        return cameRound || asked === LIMIT;
      };
      await within(session.Stream(endless(over)), "the end of the stream");
      assert.ok(asked < LIMIT, `no timer ran during ${asked} pieces`);
    });
  }

  for (const kind of ["sync", "async"]) {
    test(`of empty pieces without end, and without return(), is asked no more once its stream is over, ${kind}`, async (t) => {
      const { client, session } = await joined(t, {}, { acks: true });
      let asked = 0;
      const next = () => {
        asked++;
        return kind === "sync" ? { done: false, value: "" } : turn({ done: false, value: "" });
      };
      const sent = session.Stream({ [kind === "sync" ? Symbol.iterator : Symbol.asyncIterator]: () => ({ next }) });
      await until(() => asked > 0, "the first piece");
      client.destroy();
      await within(sent, "the end of the stream");
      // What was asked for before comes back.
      await turn();
      await turn();
      const before = asked;
      for (let n = 0; n < 10; n++) await turn();
      assert.equal(asked, before);
    });
  }

  for (const [kind, make] of [
    ["Buffer", () => Buffer.from(new ArrayBuffer(5))],
    ["ArrayBuffer", () => new ArrayBuffer(5)],
    ["DataView", () => new DataView(new ArrayBuffer(5))],
  ]) {
    test(`with a piece that was transferred fails: ${kind}`, async (t) => {
      const { session } = await joined(t, REJECT, { acks: true });
      await assert.rejects(session.Stream([make(), transferred(make())]), (error) => {
        assert.equal(error.code, FAILED.code);
        assert.equal(error.cause.code, INVALID.code);
        return true;
      });
      await assert.rejects(session.Stream(transferred(make())), INVALID);
    });
  }

  test("with a piece that is transferred while it is being sent fails", () => {
    const piece = Buffer.from(new ArrayBuffer(10));
    const chunks = chunksOf(piece, 4)[Symbol.iterator]();
    assert.equal(chunks.next().value.length, 4);
    transferred(piece);
    assert.throws(() => chunks.next(), TypeError);
  });

  test("may be of another realm", async (t) => {
    const { client, session } = await joined(t, {}, { acks: true });
    const foreign = vm.runInNewContext(`[new Uint8Array([97]), new Uint8Array([98]).buffer, new DataView(new Uint8Array([99]).buffer)]`);
    session.Stream(foreign);
    assert.equal(String(Buffer.concat((await download(client)).chunks)), "abc");
    session.Stream(foreign[1]);
    assert.equal(String(Buffer.concat((await download(client)).chunks)), "b");
  });

  test("that does not let itself be opened rejects with a code", async (t) => {
    const { session } = await joined(t, {}, { acks: true });
    const locked = new ReadableStream();
    locked.getReader();
    await assert.rejects(session.Stream(locked), INVALID);
    const cause = new Error("no");
    const refusing = () => { throw cause; };
    await assert.rejects(session.Stream({ get pipe() { return refusing(); } }), { ...FAILED, cause });
    await assert.rejects(session.Stream(new Proxy({}, { get: refusing })), { ...FAILED, cause });
    await assert.rejects(session.Stream({ [Symbol.asyncIterator]: refusing }), { ...FAILED, cause });
  });

  test("of one piece and a chunk for each byte of it is cut as it is sent", async (t) => {
    const { client, session } = await joined(t, { ...REJECT, streamChunkBytes: 1 }, { acks: true });
    // All at once these would be more objects than V8 has room for.
    const streamed = session.Stream(Buffer.alloc(128 * 1024 * 1024));
    const { txId } = await client.nextOf("TX_START");
    for (let seq = 0; seq < 3000; seq++) assert.equal((await client.nextOf("TX_CHUNK")).seq, seq);
    client.send("TX_CANCEL", { txId });
    await assert.rejects(streamed, { code: "ERR_CRYO_STREAM_CANCELLED" });
  });
});

describe("an iterator that is streamed", () => {
  /** An iterable of these pieces, the errors among them thrown, and what was asked of it besides the next one. */
  function counted(kind, items) {
    const calls = [];
    let at = 0;
    const next = () => {
      if (items[at] instanceof Error) throw items[at++];
      return at === items.length ? { done: true, value: undefined } : { done: false, value: items[at++] };
    };
    const leave = () => calls.push("return") && { done: true, value: undefined };
    const iterator = kind === "sync" ? { next, return: leave } : { next: async () => next(), return: async () => leave() };
    return { calls, iterable: { [kind === "sync" ? Symbol.iterator : Symbol.asyncIterator]: () => iterator } };
  }

  for (const kind of ["sync", "async"]) {
    test(`is not told to return when it has ended, ${kind}`, async (t) => {
      const { session } = await joined(t, REJECT, { acks: true });
      const { iterable, calls } = counted(kind, ["a", "b"]);
      await session.Stream(iterable);
      assert.deepEqual(calls, []);
    });

    test(`is not told to return when it has thrown, ${kind}`, async (t) => {
      const { session } = await joined(t, REJECT, { acks: true });
      const { iterable, calls } = counted(kind, ["a", new Error("no")]);
      await assert.rejects(session.Stream(iterable), FAILED);
      assert.deepEqual(calls, []);
    });

    test(`is told to return when its stream is cut short, ${kind}`, async (t) => {
      const { session } = await joined(t, REJECT, { acks: true });
      const { iterable, calls } = counted(kind, ["a", 7, "b"]);
      await assert.rejects(session.Stream(iterable), FAILED);
      assert.deepEqual(calls, ["return"]);
    });
  }

  test("of promises is told to return when one is rejected", async (t) => {
    const { session } = await joined(t, REJECT, { acks: true });
    const rejected = Promise.reject(new Error("no"));
    rejected.catch(() => {}); // it is the stream that fails
    const { iterable, calls } = counted("sync", ["a", rejected]);
    await assert.rejects(session.Stream(iterable), FAILED);
    assert.deepEqual(calls, ["return"]);
  });
});

describe("a web stream that is streamed", () => {
  const piece = () => new TextEncoder().encode("a");

  test("is unlocked when it has ended", async (t) => {
    const { session } = await joined(t, REJECT, { acks: true });
    const source = new ReadableStream({ start(controller) { controller.enqueue(piece()); controller.close(); } });
    await session.Stream(source);
    assert.equal(source.locked, false);
  });

  test("is unlocked when it has failed", async (t) => {
    const { session } = await joined(t, REJECT, { acks: true });
    const source = new ReadableStream({ pull(controller) { controller.error(new Error("no")); } });
    await assert.rejects(session.Stream(source), FAILED);
    assert.equal(source.locked, false);
  });

  test("is cancelled and unlocked when its stream is cut short", async (t) => {
    const { client, session } = await joined(t, REJECT, { acks: true });
    let cancelled = false;
    const source = new ReadableStream({ start(controller) { controller.enqueue(piece()); }, cancel() { cancelled = true; } });
    const streamed = session.Stream(source);
    const { txId } = await client.nextOf("TX_CHUNK");
    client.send("TX_CANCEL", { txId });
    await assert.rejects(streamed, { code: "ERR_CRYO_STREAM_CANCELLED" });
    await until(() => !source.locked, "it to be unlocked");
    assert.equal(cancelled, true);
  });
});
