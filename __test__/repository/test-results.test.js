"use strict";

// scripts/test-results.js, which check-compatibility.js relies on: what it notes of a run.

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");
const { pathToFileURL } = require("node:url");

const { temporaryFolder } = require("../support/folder");
const { ROOT } = require("../support/repository");

const REPORTER = pathToFileURL(path.join(ROOT, "scripts", "test-results.js"));
const TESTS = `
  const { describe, test } = require("node:test");
  describe("suite", () => {
    test("passes", () => {});
    test("fails", () => { throw new Error("expected by the test"); });
    test("is skipped", { skip: true }, () => {});
    test("is to be done", { todo: true }, () => {});
    describe("inner", () => test("passes", () => {}));
  });
  describe("skipped suite", { skip: "for a reason" }, () => test("does not run", () => {}));
  test("alone", () => {});
`;

test("each test is noted with its full name and its outcome, a skipped suite in the place of its tests", (t) => {
  const file = path.join(temporaryFolder(t), "some.test.js");
  fs.writeFileSync(file, TESTS);
  // Or the inner run would report to the outer one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { stdout } = spawnSync(process.execPath, ["--test", `--test-reporter=${REPORTER}`, file], { env, encoding: "utf8" });
  const noted = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(noted.map((result) => [result.file, result.name, result.outcome]), [
    ["some.test.js", "suite › passes", "passed"],
    ["some.test.js", "suite › fails", "failed"],
    ["some.test.js", "suite › is skipped", "skipped"],
    ["some.test.js", "suite › is to be done", "skipped"],
    ["some.test.js", "suite › inner › passes", "passed"],
    ["some.test.js", "skipped suite", "skipped"],
    ["some.test.js", "alone", "passed"],
  ]);
});
