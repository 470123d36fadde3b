"use strict";

// A Cryo server: this package, or any other with its interface (`--module`).

const path = require("node:path");
const { Readable } = require("node:stream");
const { pathToFileURL } = require("node:url");

const { HOST, listening } = require("./control.js");
const { serverOptions } = require("./options.js");

const HERE = path.join(__dirname, "..", "..", "index.js");
/** Bytes of a streamed chunk. */
const CHUNK = 64 * 1024;
/** How long a stream is waited for, in milliseconds. */
const PATIENCE = 10_000;

const options = serverOptions();
/** The sessions that are pushed to. */
const sessions = new Set();
/** What they get. */
const payload = Buffer.alloc(options.size, ".");

/** What the server does with its sessions. */
const works = {
  echo(session) {
    session.on("message-binary", (data) => void session.SendBinary(data));
    session.on("message-utf8", (text) => void session.SendUTF8(text));
  },

  listener(session) {
    session.on("message-binary", async (data) => {
      await null;
      await session.SendBinary(data);
    });
  },

  hooks: (session) => works.listener(session),

  push(session) {
    sessions.add(session);
    session.on("closed", () => sessions.delete(session));
    session.on("message-binary", () => {
      for (const each of sessions) void each.SendBinary(payload);
    });
  },

  stream(session) {
    session.stream.WaitForStream("upload", PATIENCE).then(drain, refused);
    session.on("message-utf8", () => session.stream.Stream(endless(), "download").catch(refused));
  },
};

/** Reads a stream to its end, as fast as it comes. */
function drain(stream) {
  stream.on("error", refused);
  stream.resume();
}

/** A session that downloads uploads nothing, and the load generator leaves in the middle of its streams. */
function refused() {}

function endless() {
  const chunk = Buffer.alloc(CHUNK, ".");
  return new Readable({
    highWaterMark: 4 * CHUNK,
    read() {
      this.push(chunk);
    },
  });
}

async function main() {
  const { cryo } = await import(pathToFileURL(options.module ?? HERE).href);
  const validator = { validate: async (token) => token === "bench" };
  const server = await cryo(validator, {
    host: HOST,
    port: 0,
    ssl: options.ssl,
    ...(options.heartbeat > 0 && { keepAliveIntervalMs: options.heartbeat }),
  });
  if (options.work === "hooks") {
    server.RegisterExtension({ name: "bench", on_receive_binary: async () => true });
  }
  server.on("session", works[options.work]);
  server.on("listening", () => listening(server.http_server.address().port));
}

main();
