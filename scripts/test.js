"use strict";

// Runs the JavaScript tests: every __test__/**/*.test.js, by name, because the versions of Node.js differ in what
// patterns `node --test` takes. Arguments are passed on to it, such as --test-name-pattern. The outcome of each test is
// written down for check-compatibility.js.

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const { ROOT } = require("./paths.js");

const RESULTS = path.join(ROOT, "target", "test-results", "javascript.jsonl");
/** For a file of tests, in ms: one that hangs must not hang whoever waits for it. */
const TIMEOUT = 300_000;
/** It takes two minutes, in which it leaves most of the machine to the others: it runs beside them, and is told of at the end. */
const SOAK = path.join("__test__", "hostile", "soak.test.js");

const SPEC = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
const NOTES = ["--test-reporter=./scripts/test-results.js", `--test-reporter-destination=${RESULTS}`];

const files = fs
  .readdirSync(path.join(ROOT, "__test__"), { recursive: true })
  .filter((file) => file.endsWith(".test.js"))
  .sort()
  .map((file) => path.join("__test__", file));

/** @returns {Promise<{ failed: boolean, output: string }>} `output` is empty where it went to the terminal. */
function run(tests, reporters, stdout) {
  const args = ["--test", `--test-timeout=${TIMEOUT}`, ...reporters, ...process.argv.slice(2), ...tests];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["inherit", stdout, "inherit"] });
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ failed: code !== 0, output }));
  });
}

async function main() {
  fs.mkdirSync(path.dirname(RESULTS), { recursive: true });
  const beside = run([SOAK], SPEC, "pipe");
  const others = await run(files.filter((file) => file !== SOAK), [...SPEC, ...NOTES], "inherit");
  const soak = await beside;
  process.stdout.write(soak.output);
  process.exitCode = others.failed || soak.failed ? 1 : 0;
}

main();
