"use strict";

// The numbers on the bridge are the same on both sides of it.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const codes = require("../../lib/bridge/codes.js");
const { loadNative } = require("../../lib/bridge/native.js");
const { WANTED } = require("../../lib/http/http-server.js");
const { BINARY, ERROR, UTF8 } = require("../../lib/messages/kinds.js");
const { LOST_CODE, OVERFLOW_CODE, OVERFLOW_REASON } = require("../../lib/messages/messages.js");
const { OVERFLOW_FACTOR } = require("../../lib/messages/outbound.js");
const { MAX_PAYLOAD } = require("../../lib/options/options.js");

const { ANSWER, EVENT, COMMAND, FLAG, FLOW, OUTCOME, SIDE, STEP, ...sizes } = codes;

/** What lib/ has, as the addon lists it. */
const EXPECTED = {
  tables: {
    ANSWER,
    EVENT,
    COMMAND,
    FLAG,
    FLOW,
    OUTCOME,
    SIDE,
    STEP,
    WANTED,
    KIND: { Utf8: UTF8, Binary: BINARY, Error: ERROR },
  },
  numbers: { ...sizes, MAX_PAYLOAD, OVERFLOW_FACTOR, OVERFLOW_CODE, LOST_CODE },
  texts: { OVERFLOW_REASON },
};

const ACTUAL = loadNative().bridgeCodes();

test("both sides have the same tables", () => {
  assert.deepEqual(Object.keys(ACTUAL.tables).sort(), Object.keys(EXPECTED.tables).sort());
});

for (const [name, table] of Object.entries(EXPECTED.tables)) {
  test(`${name} has the names and numbers that the addon has`, () => {
    assert.notEqual(Object.keys(table).length, 0);
    assert.deepEqual(ACTUAL.tables[name], { ...table });
  });
}

test("numbers and texts by themselves are the same", () => {
  assert.deepEqual(ACTUAL.numbers, EXPECTED.numbers);
  assert.deepEqual(ACTUAL.texts, EXPECTED.texts);
});
