"use strict";

// How much of the event loop outgoing streams take, by a clock that stands still until it is told otherwise.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { setImmediate: immediate } = require("node:timers/promises");

const { TimeSlice } = require("../../lib/streams/time-slice.js");

/** A time slice, and its clock in ms. */
function still() {
  const clock = { now: 1000 };
  return { clock, slice: new TimeSlice(() => clock.now) };
}

describe("the time slice of outgoing streams", () => {
  test("is a millisecond, then as long a pause for others", () => {
    const { clock, slice } = still();
    const left = [0, 0.9, 0.1, 0.9, 0.1, 0.9].map((passed) => {
      clock.now += passed;
      return slice.isLeft();
    });
    assert.deepEqual(left, [true, true, false, false, true, true]);
  });

  test("what has to wait goes on a millisecond at a time, in order, with everything else between", async () => {
    const { clock, slice } = still();
    const order = [];
    for (const name of ["a", "b", "c", "d"]) {
      slice.later(() => {
        // What a task causes counts as its own.
        queueMicrotask(() => {
          order.push(name);
          clock.now += 0.5;
        });
      });
    }
    setImmediate(() => order.push("others"));
    while (order.length < 5) await immediate();
    assert.deepEqual(order, ["a", "b", "others", "c", "d"]);
  });

  test("a task may queue another one", async () => {
    const { slice } = still();
    const order = [];
    slice.later(() => {
      order.push(1);
      slice.later(() => order.push(3));
    });
    slice.later(() => order.push(2));
    while (order.length < 3) await immediate();
    assert.deepEqual(order, [1, 2, 3]);
  });
});
