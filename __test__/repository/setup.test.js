"use strict";

// scripts/setup.js takes no flag that it does not know: one that is misspelt must not have it build where nobody asked for that. It asks for
// all it needs, and says what it can't install.

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const { temporaryFolder } = require("../support/folder");
const { ROOT, read } = require("../support/repository");

test("an unknown flag, or anything else, is refused before npm is called", () => {
  for (const argument of ["--install", "install-only"]) {
    // Without a PATH it would not find npm either, and say so.
    const env = { ...process.env, PATH: "" };
    const { status, stderr } = spawnSync(process.execPath, [path.join(ROOT, "scripts", "setup.js"), argument], { env, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`(?:Unknown option|Unexpected argument) '${argument}'`));
  }
});

const skip = process.platform === "win32" && "the script in the place of npm is for a POSIX shell";

/** Runs it in an empty checkout, where there is nothing on the PATH but an npm that does nothing. */
function setUp(t, ...flags) {
  const folder = temporaryFolder(t);
  for (const name of ["scripts", "lib", "package.json", "package-lock.json", "Cargo.toml"]) {
    fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
  const bin = path.join(folder, "bin");
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, "npm"), `#!/bin/sh\necho "$*" >> '${folder}/asked'\n`, { mode: 0o755 });
  const env = { ...process.env, NODE_ENV: "production", PATH: bin };
  const run = spawnSync(process.execPath, [path.join(folder, "scripts", "setup.js"), ...flags], { env, encoding: "utf8" });
  return { ...run, asked: fs.readFileSync(path.join(folder, "asked"), "utf8").trim().split("\n") };
}

for (const flags of [[], ["--install-only"]]) {
  const title = `packages for development are installed whatever NODE_ENV says, and Rust is asked for where it is missing: ${flags}`;
  test(title, { skip }, (t) => {
    const { status, stderr, asked } = setUp(t, ...flags);
    assert.deepEqual(asked, ["ci --include=dev --loglevel=error"]);
    assert.equal(status, 1);
    const wanted = read("Cargo.toml").match(/^rust-version = "(.*)"$/m)[1];
    assert.equal(stderr, `The addon can't be built: there is no cargo on the PATH. Install Rust ${wanted} or later, see https://rustup.rs\n`);
  });
}
