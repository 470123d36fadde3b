"use strict";

// The turn of the event loop in which batches are delivered, against a native server that is played.

const assert = require("node:assert/strict");
const { describe, it } = require("node:test");
const { setImmediate } = require("node:timers/promises");

const { Border } = require("../lib/border/border.js");
const { COMMAND } = require("../lib/border/codes.js");

/** A border to a native server that has `portions` portions of one event each; a ping is sent for each of them. */
function play(portions, onEvent = () => {}) {
  const calls = [];
  let left = portions;
  const border = new Border();
  const native = {
    exchange(count) {
      calls.push(`exchange ${count}`);
      return left-- > 0 ? 1 : 0;
    },
    flush(count, more) {
      calls.push(`flush ${count}${more ? " and more" : ""}`);
    },
  };
  const event = () => {
    border.command(7, COMMAND.Ping);
    onEvent();
    return false;
  };
  border.attach(native, { event });
  return { border, calls };
}

describe("a turn", () => {
  it("leaves what is sent to the exchange that finds nothing more", async () => {
    const { border, calls } = play(2);
    border.wake();
    assert.deepEqual(calls, ["exchange 0", "exchange 1", "exchange 1"]);
    await setImmediate();
    assert.equal(calls.length, 3, "there is nothing to go on with");
  });

  it("begins with what stands in the arrays already", async () => {
    const { border, calls } = play(1);
    border.wake(1);
    assert.deepEqual(calls, ["exchange 1", "exchange 1"]);
    await setImmediate();
    assert.equal(calls.length, 2, "there is nothing to go on with");
  });

  it("that gives others theirs writes first what it has sent", async () => {
    const { border, calls } = play(17);
    border.wake();
    // The sixteenth exchange has given the commands of the portion before, and fetched one that is still to be delivered.
    assert.deepEqual(calls.slice(14), ["exchange 1", "exchange 1", "flush 0"]);
    await setImmediate();
    assert.deepEqual(calls.slice(17), ["exchange 1", "exchange 1"]);
  });

  it("that an exception ends does so, too, and the rest comes in the next one", async () => {
    let events = 0;
    const { border, calls } = play(2, () => {
      if (events++ === 0) throw new Error("of a tick");
    });
    assert.throws(border.wake, { message: "of a tick" });
    assert.deepEqual(calls, ["exchange 0", "flush 1"]);
    await setImmediate();
    assert.deepEqual(calls.slice(2), ["exchange 0", "exchange 1"]);
    assert.equal(events, 2);
  });

  it("of the application's own ends with one flush", async () => {
    const { border, calls } = play(0);
    border.command(1, COMMAND.Ping);
    border.command(2, COMMAND.Ping);
    assert.deepEqual(calls, []);
    await setImmediate();
    assert.deepEqual(calls, ["flush 2"]);
  });
});
