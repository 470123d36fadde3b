"use strict";

// Streams as the raw client sends and takes them, and data whose every byte is known.

const { createHash } = require("node:crypto");

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

/** Sends a whole stream, without waiting for the server's ACKs. */
function upload(client, txId, name, chunks) {
  client.send("TX_START", { txId, byteLength: -1, streamName: name });
  chunks.forEach((payload, seq) => client.send("TX_CHUNK", { txId, seq, payload }));
  return client.send("TX_FINISH", { txId });
}

/**
 * Takes a pushed stream, whose frames the client acknowledges by habit.
 *
 * @returns {Promise<{ txId: number, name: string, byteLength: number, chunks: Buffer[] }>}
 */
async function download(client) {
  const { txId, streamName: name, byteLength } = await client.nextOf("TX_START");
  const chunks = [];
  for (;;) {
    const frame = await client.next();
    if (frame.txId !== txId) continue;
    if (frame.name === "TX_FINISH") return { txId, name, byteLength, chunks };
    if (frame.name !== "TX_CHUNK") throw new Error(`${frame.name} in the middle of a stream`);
    if (frame.seq !== chunks.length) throw new Error(`chunk ${frame.seq} in the place of ${chunks.length}`);
    chunks.push(frame.payload);
  }
}

module.exports = { download, noise, pieces, sha256, upload };
