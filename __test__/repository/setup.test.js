"use strict";

// scripts/setup.js takes no flag that it does not know: one that is misspelt must not have it build where nobody asked for that.

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const path = require("node:path");
const { test } = require("node:test");

const { ROOT } = require("../support/repository");

test("an unknown flag, or anything else, is refused before npm is called", () => {
  for (const argument of ["--install", "install-only"]) {
    // Without a PATH it would not find npm either, and say so.
    const env = { ...process.env, PATH: "" };
    const { status, stderr } = spawnSync(process.execPath, [path.join(ROOT, "scripts", "setup.js"), argument], { env, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`(?:Unknown option|Unexpected argument) '${argument}'`));
  }
});
