"use strict";

// Files come as streams and go straight back as streams. Nothing is stored: the way back sets the pace of the way in.

const { createHash } = require("node:crypto");

/** How long the announced stream may take to begin, in ms. */
const START_MS = 10_000;

/**
 * @param {import("../..").CryoServerWebsocketSession} session
 * @param {string} name Of the stream, both ways.
 * @returns {Promise<string>} The SHA-256 of what went through, once the page has it all back.
 */
async function sendBack(session, name) {
  const incoming = await session.WaitForStream(name, START_MS);
  const hash = createHash("sha256");
  await session.Stream(watched(incoming, hash), name);
  return hash.digest("hex");
}

async function* watched(source, hash) {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}

module.exports = { sendBack };
