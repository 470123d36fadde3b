"use strict";

// Runs the Rust tests, and writes down the outcome of each for check-compatibility.js. Arguments are passed on to
// `cargo test`.

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");

const { ROOT } = require("./paths.js");

const RESULTS = path.join(ROOT, "target", "test-results", "rust.jsonl");
const OUTCOMES = { ok: "passed", FAILED: "failed", ignored: "skipped" };

fs.mkdirSync(path.dirname(RESULTS), { recursive: true });
fs.rmSync(RESULTS, { force: true });

const cargo = spawn("cargo", ["test", ...process.argv.slice(2)], { cwd: ROOT, stdio: ["inherit", "pipe", "inherit"] });
cargo.on("error", (error) => {
  throw new Error(`cargo can't be run (${error.message}): install Rust, see https://rustup.rs`);
});

/** @type {string[]} */
const results = [];
readline.createInterface({ input: cargo.stdout }).on("line", (line) => {
  console.log(line);
  const [, name, word] = /^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)/.exec(line) ?? [];
  if (name !== undefined) results.push(`${JSON.stringify({ file: "cargo", name, outcome: OUTCOMES[word] })}\n`);
});

cargo.on("close", (status) => {
  fs.writeFileSync(RESULTS, results.join(""));
  process.exitCode = status ?? 1;
});
