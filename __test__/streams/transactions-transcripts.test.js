"use strict";

// The sessions with transactions that 3.0.9 was recorded in (fixtures/transcripts.json), frame by frame.

const { Readable } = require("node:stream");
const { buffer } = require("node:stream/consumers");
const { describe, test } = require("node:test");

const { sessions } = require("../fixtures/transcripts.json");
const { replay } = require("../support/replay");

// What the application did in each session, as its `note` says.
const APPLICATIONS = {
  "client-stream-push"({ session, record }) {
    session.on("connected", async () => record("stream-read", await buffer(await session.stream.WaitForStream("up"))));
  },
  "server-stream-push"({ session, record }) {
    session.on("connected", async () => {
      await session.stream.Stream(Readable.from([Buffer.from("abc"), Buffer.from("defg")]), "down");
      record("Stream-resolved");
    });
  },
  "server-stream-pull"({ session }) {
    session.on("message-utf8", () => {
      session.stream.Stream(Readable.from([Buffer.from("abc"), Buffer.from("defg"), Buffer.from("h")]), "down");
    });
  },
  "client-cancels"({ session, record }) {
    session.on("connected", async () => {
      await session.stream.Stream(ticks(3), "down");
      record("Stream-resolved");
    });
  },
  "no-transaction-feature": undefined,
  "flow-and-range"({ session, record }) {
    session.on("connected", async () => {
      await session.stream.SetIncomingFlowControl(1);
      record("flow-acked");
      const stream = await session.stream.WaitForStream("up");
      await session.stream.StreamRequestRange(stream, 0, 4);
    });
  },
};

/** A source that goes silent without an end. */
async function* ticks(count) {
  for (let i = 0; i < count; i++) yield Buffer.from("tick");
  await new Promise(() => {});
}

describe("recorded transactions", () => {
  for (const [name, application] of Object.entries(APPLICATIONS)) {
    test(name, async (t) => {
      const transcript = sessions.find((session) => session.name === name);
      await replay(t, { ...transcript, events: withoutRepeatedEnd(transcript.events) }, application);
    });
  }
});

// 3.0.9 emitted `closed` twice in one of the recordings; once is right.
function withoutRepeatedEnd(events) {
  return events.filter(({ event }, index) => event !== "closed" || index === events.length - 1);
}
