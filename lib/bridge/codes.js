"use strict";

// The numbers of what crosses the bridge between JavaScript and Rust, which has the same: see src/bridge/codes.rs.
// __test__/bridge/codes.test.js compares them.

/** Events, from Rust. Five words each: slot, code | flags << 8, a, b, payload length. */
const EVENT = Object.freeze({
  Utf8: 0,
  Binary: 1,
  Error: 2,
  Settled: 3,
  Opened: 4,
  Connected: 5,
  Stats: 6,
  Closed: 7,
  Validate: 8,
  Abandoned: 9,
  Stopped: 10,
  PeerFailed: 11,
  HttpOpened: 12,
  HttpData: 13,
  HttpEnd: 14,
  HttpWritable: 15,
  HttpClosed: 16,
  TxStart: 17,
  TxChunk: 18,
  TxFinish: 19,
  TxCancel: 20,
  TxFetch: 21,
  TxFlow: 22,
  TxSettled: 23,
  TxRoom: 24,
  Occupied: 25,
});

const EVENT_WORDS = 5;

/** Flags of an event. */
const FLAG = Object.freeze({
  /** The payload is ASCII. */
  ASCII: 1,
  /** The message waits for the receive hooks. */
  VERDICT: 2,
  /** The payload has to be fetched by itself. */
  LARGE: 4,
  /** Besides that: it is a parcel, to be taken over a piece at a time. */
  PARCEL: 8,
});

/** What an event costs besides its payload while it counts as unread, in bytes; as src/session/receive_window.rs counts it. */
const EVENT_COST = 64;
/** What the beginning of a stream costs instead. */
const STREAM_COST = 8192;
/** What a chunk of a stream costs instead, in bytes. */
const CHUNK_COST = 384;

/** Commands, to Rust. Five words each: slot, command, a, b, payload length. */
const COMMAND = Object.freeze({
  Utf8: 0,
  Binary: 1,
  Error: 2,
  Ping: 3,
  Acknowledge: 4,
  Bye: 5,
  Close: 6,
  Free: 7,
  Hold: 8,
  Release: 9,
  Answer: 10,
  TxStart: 11,
  TxChunk: 12,
  TxFinish: 13,
  TxCancel: 14,
  TxForget: 15,
  TxFetch: 16,
  TxFlow: 17,
  TxRoom: 18,
  Stats: 19,
  TxRefuse: 20,
});

const COMMAND_WORDS = 5;

/** The answer to a handshake, of the validator or `verifyOrigin`. */
const ANSWER = Object.freeze({ Reject: 0, Accept: 1, Failed: 2, OriginRefused: 3 });

/** How a send ended. */
const OUTCOME = Object.freeze({ Acknowledged: 0, Dropped: 1, TimedOut: 2 });

/** Who sends a stream. */
const SIDE = Object.freeze({ Theirs: 0, Ours: 1 });

/** What of an outgoing stream is acknowledged. */
const STEP = Object.freeze({ Start: 0, Finish: 1 });

/** Who sets the pace of a stream, as TX_FLOW says it. */
const FLOW = Object.freeze({ Push: 0, Pull: 1 });

module.exports = {
  ANSWER,
  CHUNK_COST,
  COMMAND,
  COMMAND_WORDS,
  EVENT,
  EVENT_COST,
  EVENT_WORDS,
  FLAG,
  FLOW,
  OUTCOME,
  SIDE,
  STEP,
  STREAM_COST,
};
