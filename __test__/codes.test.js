"use strict";

// The numbers on the border are the same on both sides of it.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { EVENT, COMMAND } = require("../lib/border/codes.js");
const { loadNative } = require("../lib/border/native.js");

const [events, commands] = loadNative().borderCodes();

for (const [title, codes, names] of [["events", EVENT, events], ["commands", COMMAND, commands]]) {
  test(`${title} have the numbers and names that the addon gives them`, () => {
    assert.ok(names.length > 0);
    assert.deepEqual(codes, Object.fromEntries(names.map((name, number) => [name, number])));
  });
}
