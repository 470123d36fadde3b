"use strict";

// The benchmark says what there is to measure without installing or building anything.

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const { temporaryFolder } = require("../support/folder");
const { ROOT } = require("../support/repository");

/** Runs the benchmark in a checkout where nothing is installed or built, without npm and cargo. */
function bench(t, ...args) {
  const folder = temporaryFolder(t);
  for (const name of ["bench/run.js", "bench/lib"]) fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  const env = { ...process.env, PATH: "" };
  return spawnSync(process.execPath, [path.join(folder, "bench", "run.js"), ...args], { env, encoding: "utf8" });
}

test("--list shows every name, or those asked for", (t) => {
  const all = bench(t, "--list");
  assert.equal(all.status, 0, all.stderr);
  assert.match(all.stdout, /^push +server pushes/m);
  assert.match(all.stdout, /^by-depth +Throughput/m);
  const one = bench(t, "--list", "--points", "push");
  assert.match(one.stdout, /^push +server pushes[^\n]*\n$/);
});

test("an unknown name is refused at once", (t) => {
  const { status, stderr } = bench(t, "--points", "push,pull");
  assert.equal(status, 1);
  assert.equal(stderr, "bench: no such point: pull (--list shows them all)\n");
});
