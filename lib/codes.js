"use strict";

// The numbers of what crosses the border between JavaScript and Rust. src/server/batch.rs and src/bridge/orders.rs
// have the same; __test__/codes.test.js compares them.

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
});

/** Orders, to Rust. Four words each: slot, order, a, payload length. */
const ORDER = Object.freeze({
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
});

const ORDER_WORDS = 4;

/** How a send ended. */
const OUTCOME = Object.freeze({ Acknowledged: 0, Dropped: 1, TimedOut: 2 });

module.exports = { EVENT, EVENT_WORDS, FLAG, ORDER, ORDER_WORDS, OUTCOME };
