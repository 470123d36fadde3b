"use strict";

// Makes a checkout ready to run: installs the development packages if they are not those of the lock file, then
// builds the addon. Both are quick when there is nothing to do, and neither needs anything but Node.js, npm and Rust.
//
//   node scripts/setup.js [--install-only]

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { parseArgs } = require("node:util");

const { builtAddon } = require("../lib/bridge/native.js");
const { spawnNpm } = require("./npm.js");
const { ROOT } = require("./paths.js");

const ADDON_SOURCES = ["Cargo.lock", "Cargo.toml", "build.rs", "src"];

/** The packages a lock file lists, by folder; none where there is no such file. */
function lockedPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(ROOT, file), "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw error;
  }
}

/**
 * Whether `node_modules` holds what `package-lock.json` asks for. npm keeps a list of what it has installed and
 * writes it last, so an installation that was cut short counts as none.
 */
function isInstalled() {
  const wanted = lockedPackages("package-lock.json");
  const installed = lockedPackages("node_modules/.package-lock.json");
  const folders = Object.keys(wanted).filter((folder) => folder !== "");
  return folders.every((folder) => {
    const present = installed[folder];
    // An optional package that is absent is one for another platform.
    return present === undefined ? wanted[folder].optional : present.version === wanted[folder].version;
  });
}

/** When a file was written, or the newest file or folder in a folder, in ms; 0 where there is none. */
function modified(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
  return Math.max(stat.mtimeMs, ...fs.readdirSync(file).map((entry) => modified(path.join(file, entry))));
}

/** Whether the addon is newer than all it is made from. cargo would say the same, but takes a second to do so. */
function isBuilt() {
  const file = builtAddon();
  const addon = file === null ? 0 : modified(file);
  return ADDON_SOURCES.every((source) => modified(path.join(ROOT, source)) < addon);
}

/** Runs npm in this terminal; ends this process as npm ended if it failed. */
function run(...args) {
  const { error, status } = spawnNpm(args, { cwd: ROOT, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Ends this process, saying what to install, where there is no cargo. */
function requireRust() {
  if (spawnSync("cargo", ["--version"]).error?.code !== "ENOENT") return;
  const [, version] = fs.readFileSync(path.join(ROOT, "Cargo.toml"), "utf8").match(/^rust-version = "(.*)"$/m);
  console.error(`The addon can't be built: there is no cargo on the PATH. Install Rust ${version} or later, see https://rustup.rs`);
  process.exit(1);
}

const { values: flags } = parseArgs({ options: { "install-only": { type: "boolean", default: false } } });

// All that is needed is for development, which npm leaves out where its configuration or NODE_ENV say so.
if (!isInstalled()) run("ci", "--include=dev", "--loglevel=error");
// Whoever asks for the packages alone builds by itself, whatever there is: `npm run build` works in an empty checkout too.
if (flags["install-only"]) {
  requireRust();
} else if (!isBuilt()) {
  requireRust();
  run("run", "--silent", "build");
}
