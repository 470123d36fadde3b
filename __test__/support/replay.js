"use strict";

// Replays a recorded session (fixtures/transcripts.json) against a server: the client's frames are sent when it is
// their turn, the server's are awaited.

const assert = require("node:assert/strict");

const { Harness } = require("./server");
const { event } = require("./wait");
const { encodeFrame } = require("./websocket");

// The session events that the transcripts record.
const RECORDED = ["connected", "message-utf8", "message-binary", "message-error", "closed"];

// The recordings ran at an interval of 150 ms. A loaded machine can make any of the client's answers later than that.
const PATIENCE = 4;

/**
 * @typedef {object} Application What the server's application did while the transcript was recorded.
 * @property {any} session
 * @property {any} server
 * @property {(event: string, ...args: any[]) => void} record Adds an event that is not the session's own.
 */

/**
 * @param {import("node:test").TestContext} t
 * @param {any} transcript
 * @param {(application: Application) => unknown} [application] Called at the server's `session` event.
 */
async function replay(t, transcript, application = () => {}) {
  const harness = await Harness.start(t, patient(transcript.options));
  const sid = Buffer.from(transcript.frames[0].hex, "hex").readBigUInt64BE();
  const events = [];
  const record = (event, ...args) => events.push({ event, args: args.map(recordable) });
  harness.server.on("session", (session) => {
    for (const name of RECORDED) session.on(name, (...args) => record(name, ...args));
    application({ session, server: harness.server, record });
  });

  const [session, client] = await Promise.all([harness.session(sid), harness.connect({ sid })]);
  const closed = event(session, "closed");
  for (const [index, frame] of transcript.frames.entries()) {
    if (frame.from === "client") {
      client.write(encodeFrame(Buffer.from(frame.hex, "hex")));
    } else {
      const { raw, text } = await client.next();
      assert.deepEqual(
        { hex: raw.toString("hex"), binary: !text },
        { hex: frame.hex, binary: frame.binary },
        `frame ${index}`,
      );
    }
  }
  await finish(client, closed, transcript);
  assert.deepEqual(events, transcript.events);
}

// A transcript without a close is one that the client ended.
async function finish(client, closed, { close, options }) {
  if (close === null) client.close();
  const end = await client.closed();
  if (close !== null) assert.deepEqual(end, close);
  const surplus = client.frames
    .take()
    .filter(({ payload }) => options.keepAliveIntervalMs === undefined || payload !== "ping");
  assert.deepEqual(
    surplus.map(({ raw }) => raw.toString("hex")),
    [],
    "more frames than recorded",
  );
  await closed;
}

function patient({ keepAliveIntervalMs, ...options }) {
  return keepAliveIntervalMs === undefined
    ? options
    : { ...options, keepAliveIntervalMs: keepAliveIntervalMs * PATIENCE };
}

// Arguments as the fixture writes them.
function recordable(value) {
  return Buffer.isBuffer(value) ? { hex: value.toString("hex") } : value;
}

module.exports = { replay };
