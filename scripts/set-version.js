"use strict";

// A part of `npm version`: gives the crate package.json's version, and adds what that changes to the commit.

const { spawnSync } = require("node:child_process");

const { version } = require("../package.json");
const { ROOT } = require("./paths.js");
const { CRATE_FILES, setCrateVersion } = require("./release/version.js");

setCrateVersion(version);
const { error, status } = spawnSync("git", ["add", ...CRATE_FILES], { cwd: ROOT, stdio: "inherit" });
if (error) throw error;
process.exitCode = status ?? 1;
