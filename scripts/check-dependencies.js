"use strict";

// Looks the dependencies of all lock files up in the databases of known vulnerabilities, those for development too, and
// checks the crates' licences and sources (deny.toml). What can't be done here, for want of a tool or of the network, is
// skipped and said so; with --strict that is a failure too.

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { parseArgs } = require("node:util");

const { spawnNpm } = require("./npm.js");
const { ROOT } = require("./paths.js");

/** For one check, in ms: a network that swallows packets must not hang whoever waits for it. */
const TIMEOUT = 120_000;
/** Folders of what is installed or built. */
const FOREIGN = /^(\..*|node_modules|target)$/;

const { strict } = parseArgs({ options: { strict: { type: "boolean", default: false } } }).values;

const passed = () => ({ outcome: "passed" });
/** Something was found, or nobody knows why the check could not be made. */
const failed = (why) => ({ outcome: "FAILED", why });
/** The check could not be made here. */
const skipped = (why) => ({ outcome: strict ? "FAILED" : "skipped", why });

/** How a check is run in a folder. */
const inFolder = (folder) => ({ cwd: path.join(ROOT, folder), timeout: TIMEOUT, maxBuffer: 1 << 27 });

/** The folders, from `folder` on, that have a file of that name. */
function foldersWith(file, folder = ".") {
  const entries = fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !FOREIGN.test(entry.name));
  const below = folders.flatMap(({ name }) => foldersWith(file, path.join(folder, name)));
  return entries.some((entry) => entry.name === file) ? [folder, ...below] : below;
}

/**
 * Most lock files have development packages alone; those are included whatever npm's configuration or NODE_ENV say. And
 * where that says not to use the network, npm would report no vulnerability.
 */
const AUDIT = ["audit", "--include=dev", "--offline=false", "--package-lock-only", "--json"];
const ONE_TRY = ["--fetch-retries=0", "--fetch-timeout=30000"];

/** `npm audit` gives a report, or the message of the request that failed, or an error of its own. */
function auditPackages(folder) {
  const { error, stdout, stderr } = spawnNpm([...AUDIT, ...ONE_TRY], inFolder(folder));
  if (error) return skipped(error.message);
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    return failed(stderr || stdout);
  }
  if (report.message !== undefined) return skipped(`The registry could not be asked: ${report.message}`);
  if (report.vulnerabilities === undefined) return failed(report.error?.summary ?? stdout);
  const found = Object.values(report.vulnerabilities).map(({ name, range, severity }) => `${name} ${range}: ${severity}`);
  return found.length === 0 ? passed() : failed(found.join("\n"));
}

/**
 * `cargo deny` writes lines of JSON: what it found, and then a summary. Without the latter it could not look, which is no
 * finding where it was the network's fault.
 */
function deny(folder, checks) {
  const args = ["deny", "--format", "json", "--config", path.join(ROOT, "deny.toml"), "check", ...checks];
  const { error, status, stderr } = spawnSync("cargo", args, { encoding: "utf8", ...inFolder(folder) });
  if (error) return skipped(error.message);
  if (status === 0) return passed();
  if (/no such (sub)?command/.test(stderr)) return skipped("cargo-deny is not installed (cargo install --locked cargo-deny)");
  const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
  const records = lines.map((line) => JSON.parse(line));
  const texts = (records) => records.map(({ fields }) => fields.message).join("\n");
  if (records.some(({ type }) => type === "summary")) {
    const errors = records.filter(({ type, fields }) => type === "diagnostic" && fields.severity === "error");
    return failed(errors.map(describe).join("\n"));
  }
  const why = texts(records.filter(({ fields }) => fields.level === "ERROR")) || stderr;
  // git's own words are the last ones.
  return /\bfetch\b|download|resolve host/.test(why) ? skipped(why.trim().split("\n").at(-1)) : failed(why);
}

/** One finding of cargo-deny: its text, and the crates it is about. */
function describe({ fields }) {
  const crates = (fields.graphs ?? []).map(({ Krate }) => `${Krate.name} ${Krate.version}`);
  return `${fields.message}${crates.length > 0 ? ` (${crates.join(", ")})` : ""}`;
}

const checks = [
  ...foldersWith("package-lock.json").map((folder) => ({
    name: `npm audit, ${folder}`,
    check: () => auditPackages(folder),
  })),
  ...foldersWith("Cargo.lock").flatMap((folder) => [
    { name: `cargo deny check advisories, ${folder}`, check: () => deny(folder, ["advisories"]) },
    { name: `cargo deny check bans licenses sources, ${folder}`, check: () => deny(folder, ["bans", "licenses", "sources"]) },
  ]),
];

for (const { name, check } of checks) {
  const { outcome, why } = check();
  console.log(`${outcome}: ${name}${why === undefined ? "" : `\n  ${why.trim().replaceAll("\n", "\n  ")}`}`);
  if (outcome === "FAILED") process.exitCode = 1;
}
