"use strict";

// Streams as the raw client sends and takes them, and data whose every byte is known.

const assert = require("node:assert/strict");
const { createHash } = require("node:crypto");
const fs = require("node:fs");

const { caughtUp } = require("./pair");
const { Harness } = require("./server");

const MIB = 1024 * 1024;

/** The range of all chunks, for TX_FETCH. */
const ALL = { start: 0, end: 2 ** 32 - 1 };

/**
 * @param {number} length
 * @param {number} [seed]
 * @returns {Buffer} Bytes that look random and are the same each time.
 */
function noise(length, seed = 1) {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** @param {Uint8Array | Iterable<Uint8Array>} data @returns {string} */
function sha256(data) {
  const hash = createHash("sha256");
  for (const part of data instanceof Uint8Array ? [data] : data) hash.update(part);
  return hash.digest("hex");
}

/** The bytes cut into pieces of that size. */
function pieces(bytes, size) {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

// Single frames of a stream of the client's. The server does not look at the numbers of chunks.
const start = (client, txId, streamName) => client.send("TX_START", { txId, byteLength: -1, streamName });
const chunk = (client, txId, payload) => client.send("TX_CHUNK", { txId, seq: 0, payload });
const finish = (client, txId) => client.send("TX_FINISH", { txId });

/** Sends a whole stream, without waiting for the server's ACKs. */
function upload(client, txId, name, chunks) {
  start(client, txId, name);
  chunks.forEach((payload, seq) => client.send("TX_CHUNK", { txId, seq, payload }));
  return finish(client, txId);
}

/**
 * Takes a pushed stream, whose frames the client acknowledges by habit.
 *
 * @returns {Promise<{ txId: number, name: string, byteLength: number, chunks: Buffer[] }>}
 */
async function download(client) {
  const { txId, streamName: name, byteLength } = await client.nextOf("TX_START");
  return { txId, name, byteLength, chunks: await rest(client, txId) };
}

/** All chunks of a stream that was announced, up to its end. */
async function rest(client, txId) {
  const chunks = [];
  for (;;) {
    const frame = await client.next();
    if (frame.txId !== txId) continue;
    if (frame.name === "TX_FINISH") return chunks;
    if (frame.name !== "TX_CHUNK") throw new Error(`${frame.name} in the middle of a stream`);
    if (frame.seq !== chunks.length) throw new Error(`chunk ${frame.seq} in the place of ${chunks.length}`);
    chunks.push(frame.payload);
  }
}

/**
 * A connected session whose client wants to fetch streams, as the server knows.
 *
 * @param {import("./server").Harness} harness
 */
async function fetching(harness) {
  const pair = await harness.join({ acks: true });
  pair.client.send("TX_FLOW", { behaviour: 1 });
  await caughtUp(pair);
  return { server: harness.server, ...pair };
}

/** Asks for the chunks from `start` to before `end` and takes them. @param {number} [count] How many there are, where it is fewer. */
async function fetchRange(client, txId, start, end, count = end - start) {
  client.send("TX_FETCH", { txId, start, end });
  const chunks = [];
  while (chunks.length < count) {
    const chunk = await client.nextOf("TX_CHUNK");
    assert.equal(chunk.seq, start + chunks.length);
    chunks.push(chunk.payload);
  }
  return chunks;
}

/** Fetches a stream to its end. @returns {Promise<Buffer[]>} Its chunks. */
function fetchAll(client, txId) {
  client.send("TX_FETCH", { txId, ...ALL });
  return rest(client, txId);
}

/** Has the server's next temporary file take everything and remember nothing. @param {import("node:test").TestContext} t */
function forgetful(t) {
  t.mock.method(fs.promises, "unlink").mock.mockImplementationOnce(async () => {});
  t.mock.method(fs.promises, "open").mock.mockImplementationOnce(async () => ({
    write: async (_bytes, _at, bytesWritten) => ({ bytesWritten }),
    read: async (bytes, at, bytesRead) => ({ bytes: bytes.fill(7, at, at + bytesRead), bytesRead }),
    close: async () => {},
  }));
}

/**
 * A stream without end, of which nobody has fetched anything yet: it has all that the server's streams together may keep in temporary files.
 *
 * @param {import("node:test").TestContext} t
 * @param {object} [options] Those of `cryo()`. Without them, chunks are of a MiB, of which a stream may always keep four.
 */
async function endless(t, options) {
  forgetful(t);
  const harness = await Harness.start(t, { maxStreamBytes: 4 * MIB, streamChunkBytes: MIB, undelivered: "reject", ...options });
  const { client, session } = await fetching(harness);
  const source = { given: 0 };
  const piece = Buffer.alloc(MIB);
  const streamed = session.Stream((function* () { for (;; source.given++) yield piece; })(), "log");
  streamed.catch(() => {}); // not every test asks for it
  const { txId, byteLength } = await client.nextOf("TX_START");
  assert.equal(byteLength, -1);
  return { harness, client, session, source, streamed, txId };
}

/**
 * @param {{ client: import("./client").Client, session: any }} pair Which has heard of all that the client has sent.
 * @returns {Promise<number[]>} The numbers of the streams that the server has cancelled since the client looked last.
 */
async function cancelled({ client, session }) {
  await caughtUp({ client, session });
  session.SendUTF8("all told");
  const numbers = [];
  for (let frame = await client.next(); frame.name !== "UTF8DATA"; frame = await client.next()) {
    if (frame.name === "TX_CANCEL") numbers.push(frame.txId);
  }
  return numbers;
}

module.exports = {
  ALL,
  cancelled,
  chunk,
  download,
  endless,
  fetchAll,
  fetchRange,
  fetching,
  finish,
  forgetful,
  noise,
  pieces,
  sha256,
  start,
  upload,
};
