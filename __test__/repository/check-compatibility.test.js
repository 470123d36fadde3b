"use strict";

// The check of docs/compatibility.md finds rows without a test, and tests that are missing, skipped or failed.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { check, readRows } = require("../../scripts/check-compatibility.js");

const RESULTS = new Map([
  ["a.test.js", new Map([["suite › one", "passed"], ["suite › two `2`", "passed"], ["alone", "failed"]])],
  ["cargo", new Map([["module::tests::works", "passed"]])],
]);

/** The faults of a table with one row whose last cell this is. */
const faults = (cell) => check(readRows(`| Name | Here | Shown by |\n|---|---|---|\n| x \\| y | z | ${cell} |\n`), RESULTS);

describe("a row", () => {
  for (const cell of [
    "`a.test.js › suite`",
    "`a.test.js › suite › one`<br>`cargo: module::tests::works`",
    "`` a.test.js › suite › two `2` ``",
  ]) {
    test(`with ${cell} is correct`, () => assert.deepEqual(faults(cell), []));
  }

  for (const [cell, fault] of Object.entries({
    "": "no test",
    "see above": "no test",
    "`a.test.js › suite › three`": "`a.test.js › suite › three` does not exist, or did not run",
    "`a.test.js › sui`": "`a.test.js › sui` does not exist, or did not run",
    "`b.test.js › one`": "`b.test.js › one` is in a file that does not exist, or did not run",
    "`cargo: module::tests::fails`": "`cargo: module::tests::fails` does not exist, or did not run",
    "`one`": "`one` is not of the form `file.test.js › test` or `cargo: module::test`",
    "`a.test.js › alone`": "`a.test.js › alone` failed: alone",
  })) {
    test(`with ${cell || "nothing"} is a fault`, () => {
      assert.deepEqual(faults(cell), [`docs/compatibility.md:3: x | y: ${fault}`]);
    });
  }
});

test("other tables are left alone", () => {
  assert.deepEqual(readRows("| Name | Default |\n|---|---|\n| x | 1 |\n"), []);
});
