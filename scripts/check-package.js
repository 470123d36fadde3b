"use strict";

// Packs this checkout's own build and checks the tarballs: their metadata (publint), their types as each resolution finds
// them (are-the-types-wrong), and their use in empty projects (__test__/repository/package.test.js).

const { spawnSync } = require("node:child_process");
const path = require("node:path");

const { ROOT } = require("./paths.js");
const { packAll } = require("./release/pack.js");

const OUT = path.join(ROOT, "target", "packages");

/** Runs a program of a development package in this terminal; ends this process as it ended if it failed. */
function check(file, args) {
  const { error, status } = spawnSync(process.execPath, [path.join(ROOT, file), ...args], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, CRYO_TEST_PACKAGES: OUT },
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const { main } = packAll(ROOT, OUT);
check("node_modules/publint/src/cli.js", ["run", main, "--strict"]);
check("node_modules/@arethetypeswrong/cli/dist/index.js", [main]);
check("__test__/repository/package.test.js", []);
