"use strict";

// scripts/check-dependencies.js tells what was found from what could not be looked up. In the place of npm and cargo are
// scripts that say what those say.

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const { temporaryFolder } = require("../support/folder");
const { ROOT } = require("../support/repository");

const SCRIPT = path.join(ROOT, "scripts", "check-dependencies.js");

const NPM = {
  clean: { vulnerabilities: {} },
  found: { vulnerabilities: { ws: { name: "ws", severity: "high", range: "<8.17.1" } } },
  broken: { error: { code: "ENOLOCK", summary: "This command requires an existing lockfile." } },
  offline: { message: "request to https://registry.example failed", error: { summary: "", detail: "" } },
};
const summary = { type: "summary", fields: {} };
const CARGO = {
  clean: [0, summary],
  found: [
    1,
    { type: "diagnostic", fields: { severity: "warning", message: "unused license" } },
    { type: "diagnostic", fields: { severity: "error", message: "use after free", graphs: [{ Krate: { name: "mio", version: "1.0.0" } }] } },
    summary,
  ],
  offline: [1, { type: "log", fields: { level: "ERROR", message: "failed to fetch advisory database\nCould not resolve host" } }],
  broken: [1, { type: "log", fields: { level: "ERROR", message: "failed to deserialize config" } }],
};

/** Runs the script with an npm and a cargo that say this. `asked` is what npm was called with, each time. */
function check(t, { npm = NPM.clean, cargo = CARGO.clean }, ...flags) {
  const folder = temporaryFolder(t);
  const [status, ...records] = cargo;
  const texts = records.map((record) => (typeof record === "string" ? record : JSON.stringify(record)));
  fs.writeFileSync(path.join(folder, "npm.txt"), JSON.stringify(npm));
  fs.writeFileSync(path.join(folder, "cargo.txt"), texts.join("\n"));
  for (const [name, end] of Object.entries({ npm: "", cargo: `>&2; exit ${status}` })) {
    const script = `#!/bin/sh\necho "$*" >> '${folder}/${name}.asked'\ncat '${folder}/${name}.txt' ${end}\n`;
    fs.writeFileSync(path.join(folder, name), script, { mode: 0o755 });
  }
  const env = { ...process.env, PATH: `${folder}${path.delimiter}${process.env.PATH}` };
  const run = spawnSync(process.execPath, [SCRIPT, ...flags], { env, encoding: "utf8" });
  const asked = path.join(folder, "npm.asked");
  return { ...run, asked: fs.existsSync(asked) ? fs.readFileSync(asked, "utf8").trim().split("\n") : [] };
}

const skip = process.platform === "win32" && "the scripts in the place of npm and cargo are for a POSIX shell";
const cases = [
  { title: "nothing is found", says: {}, status: 0, prints: /^passed: npm audit, bench$/m },
  { title: "npm finds something", says: { npm: NPM.found }, status: 1, prints: /^FAILED: npm audit, bench\n {2}ws <8.17.1: high$/m },
  { title: "npm can't run", says: { npm: NPM.broken }, status: 1, prints: /^FAILED: npm audit, bench\n {2}This command/m },
  { title: "npm can't be asked", says: { npm: NPM.offline }, status: 0, prints: /^skipped: npm audit, bench\n {2}The registry could not be asked: request to https:\/\/registry\.example failed$/m },
  {
    title: "cargo deny finds something",
    says: { cargo: CARGO.found },
    status: 1,
    prints: /^FAILED: cargo deny check advisories, fuzz\n {2}use after free \(mio 1\.0\.0\)$/m,
  },
  {
    title: "cargo deny can't fetch its database",
    says: { cargo: CARGO.offline },
    status: 0,
    prints: /^skipped: cargo deny check advisories, fuzz\n {2}Could not resolve host$/m,
  },
  { title: "cargo deny can't run", says: { cargo: CARGO.broken }, status: 1, prints: /^FAILED: .*\n {2}failed to deserialize config$/m },
  {
    title: "cargo deny is not there",
    says: { cargo: [101, "error: no such command: `deny`"] },
    status: 0,
    prints: /^skipped: .*\n {2}cargo-deny is not installed/m,
  },
];

for (const { title, says, status, prints } of cases) {
  test(title, { skip }, (t) => {
    const run = check(t, says);
    assert.match(run.stdout, prints);
    assert.equal(run.status, status, run.stdout + run.stderr);
  });
}

test("npm is asked about development packages, too, and asks the registry even where it is set to be offline", { skip }, (t) => {
  const { asked, stdout } = check(t, {});
  assert.equal(asked.length, stdout.match(/^passed: npm audit/gm).length);
  for (const args of asked) {
    assert.match(args, /^audit .*--include=dev\b/);
    assert.match(args, /--offline=false\b/);
    assert.doesNotMatch(args, /--omit/);
  }
});

test("a flag that is none is refused", { skip }, (t) => {
  const { status, stderr, asked } = check(t, {}, "--stric");
  assert.deepEqual([status, asked], [1, []]);
  assert.match(stderr, /Unknown option '--stric'/);
});

test("with --strict nothing may be skipped", { skip }, (t) => {
  assert.equal(check(t, {}, "--strict").status, 0);
  assert.equal(check(t, { npm: NPM.offline }, "--strict").status, 1);
});
