"use strict";

// More than a slow reader can take: its queue on the server fills, then the oldest messages in it are dropped.

const BLOCK = Buffer.alloc(128 * 1024);
const INTERVAL_MS = 10;

/** @param {import("../..").CryoServerWebsocketSession} session Is sent about 12 MB/s until it ends. */
function flood(session) {
  const timer = setInterval(() => session.SendBinary(BLOCK), INTERVAL_MS);
  session.on("closed", () => clearInterval(timer));
}

module.exports = { flood };
