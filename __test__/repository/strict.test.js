"use strict";

// The scheduled workflow's checks can't be made everywhere: where they can't, they are skipped, and with --strict they fail.

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const { temporaryFolder } = require("../support/folder");
const { ROOT, read } = require("../support/repository");

const CHECKS = [
  {
    title: "the conformance suite without Python 2.7",
    command: [process.execPath, "conformance/run.js"],
    reason: "the Autobahn test suite needs Python 2.7, which is none of: /no/python;",
    scheduled: "npm run conformance -- --strict",
  },
  {
    title: "the sanitizers without a nightly toolchain",
    command: ["scripts/sanitize.sh", "thread"],
    reason: "no nightly toolchain",
    scheduled: "scripts/sanitize.sh ${{ matrix.by }} --strict",
  },
];

/** Runs a command in a checkout where nothing is installed, neither Python 2.7 nor a cargo that knows toolchains. */
function runWithout(t, [command, ...args]) {
  const folder = temporaryFolder(t);
  for (const name of ["conformance", "scripts"]) fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, "cargo"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const env = { ...process.env, PYTHON27: "/no/python", PATH: `${folder}${path.delimiter}${process.env.PATH}` };
  return spawnSync(command, args, { cwd: folder, env, encoding: "utf8" });
}

// Alpine has none.
const skip = (process.platform === "win32" || spawnSync("bash", ["--version"]).status !== 0) && "scripts/sanitize.sh needs bash";

for (const { title, command, reason, scheduled } of CHECKS) {
  test(`${title}: skipped, or failed with --strict, which is how they are scheduled`, { skip }, (t) => {
    const lenient = runWithout(t, command);
    assert.equal(lenient.status, 0, lenient.stderr);
    assert.match(lenient.stdout, /skipped/);
    assert.ok(lenient.stdout.includes(reason), lenient.stdout);

    const strict = runWithout(t, [...command, "--strict"]);
    assert.equal(strict.status, 1, strict.stderr);
    assert.match(strict.stdout, /FAILED/);
    assert.ok(strict.stdout.includes(reason), strict.stdout);

    assert.ok(read(".github/workflows/scheduled.yml").includes(`run: ${scheduled}\n`));
  });

  test(`${title}: another flag is refused`, { skip }, (t) => {
    assert.notEqual(runWithout(t, [...command, "--stric"]).status, 0);
  });
}
