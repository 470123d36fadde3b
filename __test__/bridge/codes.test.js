"use strict";

// The numbers on the bridge are the same on both sides of it.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { EVENT, COMMAND } = require("../../lib/bridge/codes.js");
const { loadNative } = require("../../lib/bridge/native.js");

const [events, commands] = loadNative().bridgeCodes();

for (const [title, codes, names] of [["events", EVENT, events], ["commands", COMMAND, commands]]) {
  test(`${title} have the numbers and names that the addon gives them`, () => {
    assert.ok(names.length > 0);
    assert.deepEqual(codes, Object.fromEntries(names.map((name, number) => [name, number])));
  });
}
