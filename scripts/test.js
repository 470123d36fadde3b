"use strict";

// Runs the JavaScript tests: every __test__/**/*.test.js, by name, because the versions of Node.js differ in what
// patterns `node --test` takes. Arguments are passed on to it, such as --test-name-pattern. The outcome of each test is
// written down for check-compatibility.js.

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const ROOT = path.join(__dirname, "..");
const RESULTS = path.join(ROOT, "target", "test-results", "javascript.jsonl");
/** For a file of tests, in ms: one that hangs must not hang whoever waits for it. */
const TIMEOUT = 300_000;

const files = fs
  .readdirSync(path.join(ROOT, "__test__"), { recursive: true })
  .filter((file) => file.endsWith(".test.js"))
  .sort()
  .map((file) => path.join("__test__", file));

fs.mkdirSync(path.dirname(RESULTS), { recursive: true });
const flags = [
  "--test",
  `--test-timeout=${TIMEOUT}`,
  "--test-reporter=spec",
  "--test-reporter-destination=stdout",
  "--test-reporter=./scripts/test-results.js",
  `--test-reporter-destination=${RESULTS}`,
];
const args = [...flags, ...process.argv.slice(2), ...files];
const { error, status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
if (error) throw error;
process.exitCode = status ?? 1;
