"use strict";

// Many messages that wait in one direction of a session: their order, whatever their hooks take, and nothing left lying.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { Lane } = require("../../lib/messages/lane.js");

/** More than the lane keeps room for in front of those that wait, several times over. */
const MANY = 3000;

/** The numbers from `first` to before `end`. */
const numbers = (first, end) => Array.from({ length: end - first }, (_, n) => first + n);

/** A lane of numbers, of which those that `late` names are done when the test says so, and the others at once. */
class Stage {
  handled = [];
  #late;
  #turn;
  lane = new Lane((item, turn) => {
    this.handled.push(item);
    if (this.#late(item)) this.#turn = turn;
    else this.lane.done(turn);
  });

  constructor(late) {
    this.#late = late;
  }

  push(first, end) {
    for (let n = first; n < end; n++) this.lane.push(n);
  }

  /** The one that was begun last is done. */
  finish() {
    this.lane.done(this.#turn);
  }

  /** Lets all that waits be done. */
  drain() {
    while (this.lane.busy) this.finish();
  }
}

describe("a lane in which thousands wait", () => {
  const rows = {
    "the first one takes": (n) => n === 0,
    "some of them take": (n) => n % 7 === 0,
    "all of them take": () => true,
  };
  for (const [title, late] of Object.entries(rows)) {
    test(`handles all of them in order, where ${title} time`, () => {
      const stage = new Stage(late);
      stage.push(0, MANY);
      assert.deepEqual(stage.handled, [0]);
      assert.equal(stage.lane.waiting, MANY - 1);
      stage.drain();
      assert.deepEqual(stage.handled, numbers(0, MANY));
      assert.equal(stage.lane.waiting, 0);
      stage.push(MANY, MANY + 2);
      stage.drain();
      assert.deepEqual(stage.handled, numbers(0, MANY + 2));
    });
  }

  test("counts what waits at every step, and takes more at the end meanwhile", () => {
    const stage = new Stage(() => true);
    stage.push(0, MANY);
    for (let n = 0; n < MANY; n++) {
      assert.equal(stage.lane.waiting, MANY - 1);
      stage.push(MANY + n, MANY + n + 1);
      stage.finish();
    }
    stage.drain();
    assert.deepEqual(stage.handled, numbers(0, 2 * MANY));
  });

  test("has the first one that matches removed, wherever that stands, and the others handled", () => {
    const stage = new Stage(() => true);
    stage.push(0, MANY);
    const removed = [];
    const remove = (wanted) => removed.push(stage.lane.remove(wanted));
    for (let n = 0; n < 2000; n++) {
      // Sometimes the next one, and sometimes one that is far behind.
      if (n % 100 === 0) {
        remove(() => true);
        remove((other) => other >= 2500);
      }
      stage.finish();
    }
    assert.equal(stage.lane.remove((n) => n <= stage.handled.at(-1)), undefined, "what has been handled does not wait");
    stage.drain();
    assert.equal(removed.length, 40);
    assert.deepEqual(stage.handled, numbers(0, MANY).filter((n) => !removed.includes(n)));
    assert.deepEqual(removed.filter((n) => n >= 2500), numbers(2500, 2520));
  });

  test("forgets them when it is cleared, and the one that was being handled may be done at any time", () => {
    for (const handled of [1, 500, 1024, 1025, 1500]) {
      const stage = new Stage(() => true);
      stage.push(0, MANY);
      while (stage.handled.length < handled) stage.finish();
      stage.lane.clear();
      assert.deepEqual([stage.lane.busy, stage.lane.waiting], [false, 0]);
      stage.finish();
      stage.push(MANY, 3 * MANY);
      assert.deepEqual([stage.lane.busy, stage.lane.waiting], [true, 2 * MANY - 1]);
      stage.drain();
      assert.deepEqual(stage.handled, [...numbers(0, handled), ...numbers(MANY, 3 * MANY)]);
    }
  });

  test("may be cleared by what it handles", () => {
    for (const at of [1, 1023, 1024, 1025, 2500]) {
      const stage = new Stage((n) => {
        if (n === at) {
          stage.lane.clear();
          stage.push(MANY, 2 * MANY);
        }
        return n === 0;
      });
      stage.push(0, MANY);
      stage.finish();
      assert.deepEqual(stage.handled, [...numbers(0, at + 1), ...numbers(MANY, 2 * MANY)]);
      assert.deepEqual([stage.lane.busy, stage.lane.waiting], [false, 0]);
    }
  });
});
