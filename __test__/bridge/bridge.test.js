"use strict";

// The turn of the event loop in which batches are delivered, against a native server that is played.

const assert = require("node:assert/strict");
const { describe, it } = require("node:test");
const { setImmediate: nextTurn } = require("node:timers");
const { setImmediate } = require("node:timers/promises");

const { Bridge } = require("../../lib/bridge/bridge.js");
const { COMMAND } = require("../../lib/bridge/codes.js");

/** A bridge to a native server that has `portions` portions of one event each; a ping is sent for each of them. */
function play(portions, onEvent = () => {}) {
  const calls = [];
  let left = portions;
  const bridge = new Bridge();
  const native = {
    exchange(count) {
      calls.push(`exchange ${count}`);
      return left-- > 0 ? 1 : 0;
    },
    flush(count, more) {
      calls.push(`flush ${count}${more ? " and more" : ""}`);
    },
    wakeAgain: () => nextTurn(() => bridge.wake()),
  };
  const event = () => {
    bridge.command(7, COMMAND.Ping);
    onEvent();
    return false;
  };
  bridge.attach(native, { event });
  return { bridge, calls };
}

describe("a turn", () => {
  it("hands over what was sent in the exchange that finds no more events", async () => {
    const { bridge, calls } = play(2);
    bridge.wake();
    assert.deepEqual(calls, ["exchange 0", "exchange 1", "exchange 1"]);
    await setImmediate();
    assert.equal(calls.length, 3, "there is nothing to go on with");
  });

  it("begins with the events that are in the arrays already", async () => {
    const { bridge, calls } = play(1);
    bridge.wake(1);
    assert.deepEqual(calls, ["exchange 1", "exchange 1"]);
    await setImmediate();
    assert.equal(calls.length, 2, "there is nothing to go on with");
  });

  it("that yields to others first writes what was sent", async () => {
    const { bridge, calls } = play(17);
    bridge.wake();
    // The sixteenth exchange has given the commands of the portion before, and fetched one that is still to be delivered.
    assert.deepEqual(calls.slice(14), ["exchange 1", "exchange 1", "flush 0"]);
    await setImmediate();
    assert.deepEqual(calls.slice(17), ["exchange 1", "exchange 1"]);
  });

  it("that ends with an exception writes what was sent, and the next turn delivers the rest", async () => {
    let events = 0;
    const { bridge, calls } = play(2, () => {
      if (events++ === 0) throw new Error("of a tick");
    });
    assert.throws(bridge.wake, { message: "of a tick" });
    assert.deepEqual(calls, ["exchange 0", "flush 1"]);
    await setImmediate();
    assert.deepEqual(calls.slice(2), ["exchange 0", "exchange 1"]);
    assert.equal(events, 2);
  });

  it("that can't give its commands is followed by the next one all the same", async (t) => {
    const { bridge, calls } = play(17);
    const flush = t.mock.method(bridge, "flush", () => {
      throw new Error("of a flush");
    });
    assert.throws(bridge.wake, { message: "of a flush" });
    flush.mock.restore();
    await setImmediate();
    assert.deepEqual(calls.slice(16), ["exchange 1", "exchange 1"]);
  });

  it("without events ends with one flush", async () => {
    const { bridge, calls } = play(0);
    bridge.command(1, COMMAND.Ping);
    bridge.command(2, COMMAND.Ping);
    assert.deepEqual(calls, []);
    await setImmediate();
    assert.deepEqual(calls, ["flush 2"]);
  });
});
