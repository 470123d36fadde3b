"use strict";

// Looks the dependencies of all lock files up in the databases of known vulnerabilities, and checks the crates' licences
// and sources (deny.toml). What can't be done here, for want of a tool or of the network, is skipped and said so; with
// --strict that is a failure too.

const { execFileSync, spawnSync } = require("node:child_process");
const path = require("node:path");

const ROOT = path.join(__dirname, "..");
/** For one check, in ms: a network that swallows packets must not hang whoever waits for it. */
const TIMEOUT = 120_000;
const OUTCOME = { passed: "passed", skipped: "skipped", failed: "FAILED" };

const strict = process.argv.includes("--strict");

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} folder
 */
function run(command, args, folder) {
  const options = { cwd: path.join(ROOT, folder), encoding: "utf8", timeout: TIMEOUT, maxBuffer: 1 << 27 };
  // npm is a script on Windows, which only a shell can run.
  const { error, status, stdout, stderr } = spawnSync(command, args, { ...options, shell: process.platform === "win32" });
  return { error, status, stdout: stdout ?? "", stderr: stderr ?? "" };
}

/** The outcome of a check that could not be made. */
const skipped = (why) => ({ outcome: OUTCOME.skipped, why });

/** The folders that have a lock file of that name. */
function foldersOf(lockFile) {
  const files = execFileSync("git", ["ls-files", "--", lockFile, `**/${lockFile}`], { cwd: ROOT, encoding: "utf8" });
  return files.trim().split("\n").map(path.dirname);
}

/** `npm audit` gives a report, or an error of its own where it got none. */
function auditPackages(folder) {
  const args = ["audit", "--omit=dev", "--package-lock-only", "--json", "--fetch-retries=0", "--fetch-timeout=30000"];
  const { error, stdout, stderr } = run("npm", args, folder);
  if (error) return skipped(error.message);
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    return { outcome: OUTCOME.failed, why: `npm audit says ${stdout || stderr}` };
  }
  if (report.vulnerabilities === undefined) return skipped(report.message ?? report.error?.summary ?? "no report");
  const found = Object.values(report.vulnerabilities).map(({ name, severity, range }) => `${name} ${range}: ${severity}`);
  return found.length === 0 ? { outcome: OUTCOME.passed } : { outcome: OUTCOME.failed, why: found.join("\n") };
}

/**
 * `cargo deny` says what it found in lines of JSON of the type "diagnostic". Anything else that makes it fail means
 * that it could not look: it is only skipped when it says that it could not fetch something.
 */
function deny(folder, checks) {
  const config = path.join(ROOT, "deny.toml");
  const args = ["deny", "--format", "json", "--all-features", "check", "--config", config, ...checks];
  const { error, status, stderr } = run("cargo", args, folder);
  if (error) return skipped(error.message);
  if (status === 0) return { outcome: OUTCOME.passed };
  if (/no such (sub)?command/.test(stderr)) return skipped("cargo-deny is not installed (cargo install --locked cargo-deny)");
  const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
  const messages = lines.map((line) => JSON.parse(line));
  const found = messages.filter(({ type, fields }) => type === "diagnostic" && fields.severity === "error");
  if (found.length > 0) return { outcome: OUTCOME.failed, why: found.map(({ fields }) => fields.message).join("\n") };
  const why = messages.map(({ fields }) => fields.message).join("\n") || stderr;
  return /fetch|download|resolve host|connect|network/i.test(why) ? skipped(why) : { outcome: OUTCOME.failed, why };
}

const checks = [
  ...foldersOf("package-lock.json").map((folder) => ({
    name: `npm audit, ${folder}`,
    check: () => auditPackages(folder),
  })),
  ...foldersOf("Cargo.lock").flatMap((folder) => [
    { name: `cargo deny check advisories, ${folder}`, check: () => deny(folder, ["advisories"]) },
    { name: `cargo deny check bans licenses sources, ${folder}`, check: () => deny(folder, ["bans", "licenses", "sources"]) },
  ]),
];

for (const { name, check } of checks) {
  const { outcome, why } = check();
  console.log(`${outcome}: ${name}${why === undefined ? "" : `\n  ${why.trim().replaceAll("\n", "\n  ")}`}`);
  if (outcome === OUTCOME.failed || (strict && outcome === OUTCOME.skipped)) process.exitCode = 1;
}
