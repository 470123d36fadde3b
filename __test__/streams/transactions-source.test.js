"use strict";

// What a stream that is a source is read as: pieces as they are, where that is possible.

const assert = require("node:assert/strict");
const { EventEmitter } = require("node:events");
const { Readable } = require("node:stream");
const { describe, test } = require("node:test");

const { openSource } = require("../../lib/streams/source.js");

/** All pieces of a source. */
async function piecesOf(stream, size) {
  const source = openSource(stream, size);
  const pieces = [];
  for (let piece = await source.next(); piece !== null; piece = await source.next()) pieces.push(piece);
  return pieces;
}

const texts = (pieces) => pieces.map((piece) => Buffer.from(piece).toString());

/** A stream that has all of this at once. */
function full(...chunks) {
  const stream = new Readable({ read() {} });
  for (const chunk of chunks) stream.push(chunk);
  stream.push(null);
  return stream;
}

describe("a stream as a source", () => {
  test("gives pieces of the wanted size without a copy, however many it has", async () => {
    const chunks = [Buffer.alloc(8, "a"), Buffer.alloc(8, "b"), Buffer.alloc(8, "c")];
    const pieces = await piecesOf(full(...chunks), 8);
    assert.deepEqual(pieces, chunks);
    for (const [index, piece] of pieces.entries()) assert.equal(piece.buffer, chunks[index].buffer);
  });

  test("gives nothing larger, and puts small pieces together", async () => {
    assert.deepEqual(texts(await piecesOf(full("a long one", "b", "c"), 4)), ["a lo", "ng o", "nebc"]);
  });

  test("gives what comes later, too", async () => {
    const stream = new Readable({ read() {} });
    const pieces = piecesOf(stream, 100);
    for (const text of ["one", "two"]) {
      await new Promise(setImmediate);
      stream.push(text);
    }
    await new Promise(setImmediate);
    stream.push(null);
    assert.deepEqual(texts(await pieces), ["one", "two"]);
  });

  test("keeps objects apart, and text whole", async () => {
    assert.deepEqual(texts(await piecesOf(Readable.from(["one", "two"]), 100)), ["one", "two"]);
    const text = full(Buffer.from("äö"), Buffer.from("ü")).setEncoding("utf8");
    assert.equal(texts(await piecesOf(text, 2)).join(""), "äöü");
    const pairs = full(Buffer.from("a😀😀")).setEncoding("utf8");
    assert.equal(texts(await piecesOf(pairs, 2)).join(""), "a😀😀");
  });

  test("of the old style is read, too", async () => {
    const old = Object.assign(new EventEmitter(), { pipe() {}, pause() {}, resume() {} });
    const pieces = piecesOf(old, 100);
    old.emit("data", Buffer.from("old"));
    old.emit("end");
    assert.deepEqual(texts(await pieces), ["old"]);
  });

  test("of the old style is read to its end however it ends, paused while it is not read, and destroyed with its stream", async () => {
    const calls = [];
    const methods = Object.fromEntries(["pipe", "pause", "resume", "destroy"].map((name) => [name, () => void calls.push(name)]));
    const make = () => Object.assign(new EventEmitter(), methods);
    const closing = make();
    const pieces = piecesOf(closing, 100_000);
    closing.emit("data", Buffer.alloc(100_000, "a"));
    for (const event of ["end", "close"]) closing.emit(event);
    assert.deepEqual(texts(await pieces), ["a".repeat(100_000)]);
    assert.ok(calls.includes("pause"));

    const cut = make();
    const cutPieces = piecesOf(cut, 100);
    cut.emit("close");
    await assert.rejects(cutPieces, { code: "ERR_STREAM_PREMATURE_CLOSE" });
    const failing = make();
    const failed = piecesOf(failing, 100);
    failing.emit("error", new Error("its own"));
    await assert.rejects(failed, /its own/);

    calls.length = 0;
    openSource(make(), 100).destroy();
    assert.ok(calls.includes("destroy"));
  });

  test("that can only be iterated is iterated", async () => {
    const own = Object.assign(new EventEmitter(), { pipe() {}, async *[Symbol.asyncIterator]() { yield "own"; } });
    assert.deepEqual(texts(await piecesOf(own, 100)), ["own"]);
  });

  test("fails with its own error, and when it is destroyed before its end", async () => {
    const failing = full("a");
    failing.destroy(new Error("its own"));
    await assert.rejects(piecesOf(failing, 100), /its own/);
    const gone = new Readable({ read() {} });
    const pieces = piecesOf(gone, 100);
    gone.destroy();
    await assert.rejects(pieces, { code: "ERR_STREAM_PREMATURE_CLOSE" });
  });

  test("that has ended already has no pieces", async () => {
    const ended = full("a").resume();
    await new Promise((resolve) => ended.on("close", resolve));
    assert.deepEqual(await piecesOf(ended, 100), []);
  });
});
