"use strict";

// Runs npm, whose command is a script on Windows: that takes a shell.

const { spawnSync } = require("node:child_process");

/**
 * @param {string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} options
 * @returns How it ended, with what it printed as text.
 */
function spawnNpm(args, options) {
  return spawnSync("npm", args, { encoding: "utf8", shell: process.platform === "win32", ...options });
}

/**
 * @param {string[]} args
 * @param {string} cwd
 * @returns {string} What npm printed on its standard output. Throws, with what it said of it, when it fails.
 */
function npm(args, cwd) {
  const { error, status, stdout, stderr } = spawnNpm(args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm ${args.join(" ")} ended with ${status}:\n${stderr}`);
  return stdout;
}

module.exports = { npm, spawnNpm };
