"use strict";

// What has to be there before anything can be measured: the benchmark's dependencies, the addon, the load generator.

const { spawnSync } = require("node:child_process");
const { existsSync, readdirSync, statSync } = require("node:fs");
const path = require("node:path");

const BENCH = path.join(__dirname, "..");
const ROOT = path.join(BENCH, "..");

/**
 * Installs and builds what is missing.
 *
 * @returns {string} The load generator's path.
 * @throws {Error} When something can't be built.
 */
function prepare() {
  const installed = path.join(BENCH, "node_modules", ".package-lock.json");
  if (!isNewer(installed, path.join(BENCH, "package-lock.json"))) {
    run("npm", ["ci"], BENCH);
  }
  if (!readdirSync(ROOT).some((name) => name.endsWith(".node"))) run("npm", ["run", "build"], ROOT);
  return buildLoad();
}

/** Whether `file` exists and is at least as new as `than`. */
function isNewer(file, than) {
  return existsSync(file) && statSync(file).mtimeMs >= statSync(than).mtimeMs;
}

/** @returns {string} The load generator's path. */
function buildLoad() {
  const args = ["build", "--release", "--locked", "--message-format=json-render-diagnostics"];
  const output = run("cargo", args, path.join(BENCH, "load"), "pipe");
  const artifacts = output.trim().split("\n").map((line) => JSON.parse(line));
  const { executable } = artifacts.findLast((message) => message.executable) ?? {};
  if (executable === undefined) throw new Error("cargo built no load generator");
  return executable;
}

function run(command, args, cwd, stdout = "inherit") {
  const shell = process.platform === "win32";
  const { error, status, stdout: output } = spawnSync(command, args, {
    cwd,
    shell,
    stdio: ["ignore", stdout, "inherit"],
    maxBuffer: Infinity,
  });
  if (error) throw new Error(`can't run ${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed in ${cwd}`);
  return output?.toString() ?? "";
}

module.exports = { buildLoad, prepare };
