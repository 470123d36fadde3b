"use strict";

// How far a session's outgoing streams may run ahead of its socket: their turns, and what it costs that many wait for theirs.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Window } = require("../../lib/streams/window.js");

/** One whose socket takes nothing until `room` is called. */
function window() {
  const context = {
    options: { maxStreamBytes: 2 ** 20, streamChunkBytes: 2 ** 16 },
    timeSlice: { isLeft: () => true, later: (task) => task() },
    command() {},
  };
  return new Window(context);
}

test("streams have room in the order in which they began to wait", async () => {
  const full = window();
  assert.equal(full.take(full.size), true);
  const turns = [];
  const waits = ["a", "b", "c"].map((name) => full.wait({ name }, 1000).then(() => turns.push(name)));
  full.room(0);
  await Promise.all(waits);
  assert.deepEqual(turns, ["a", "b", "c"]);
});

test("a stream that is over waits no longer, and takes no room", async () => {
  const full = window();
  full.take(full.size);
  const [over, other] = [{}, {}];
  const waits = [full.wait(over, full.size), full.wait(other, full.size)];
  full.abandon(over);
  full.room(0);
  assert.deepEqual(await Promise.all(waits), [false, true]);
});

test("the end of one of many does not look at the others", async () => {
  const full = window();
  full.take(full.size);
  const owners = Array.from({ length: 20_000 }, () => ({}));
  const waits = owners.map((owner) => full.wait(owner, 1));
  // Each of them takes one step: with a look at all it would be 200 million.
  for (const owner of owners.reverse()) full.abandon(owner);
  assert.ok((await Promise.all(waits)).every((room) => room === false));
});
