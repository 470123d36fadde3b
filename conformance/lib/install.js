"use strict";

// The Autobahn test suite in a virtual environment of its own. It needs Python 2.7, which few machines have any more.

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const { CONSTRAINTS, ENVIRONMENT } = require("./paths.js");

const STAMP = path.join(ENVIRONMENT, "installed.txt");
const VIRTUALENV = path.join(ENVIRONMENT, "virtualenv");
const SUITE = path.join(ENVIRONMENT, "suite");
const BIN = path.join(SUITE, process.platform === "win32" ? "Scripts" : "bin");

/** The test suite can't be had on this machine; the message says why. */
class Unavailable extends Error {}

/**
 * Installs the suite, unless it is there in the versions of constraints.txt.
 *
 * @returns {string} The command `wstest`.
 * @throws {Unavailable}
 */
function install() {
  const wanted = fs.readFileSync(CONSTRAINTS, "utf8");
  if (!fs.existsSync(STAMP) || fs.readFileSync(STAMP, "utf8") !== wanted) {
    const python = findPython();
    const installer = findInstaller(python);
    console.log(`Installing the Autobahn test suite in ${ENVIRONMENT} ...`);
    fs.rmSync(ENVIRONMENT, { recursive: true, force: true });
    fs.mkdirSync(ENVIRONMENT, { recursive: true });
    run(installer, ["-m", "pip", "install", "--target", VIRTUALENV, "virtualenv"]);
    const appData = path.join(ENVIRONMENT, "virtualenv-data");
    run(installer, ["-m", "virtualenv", "--python", python, "--app-data", appData, "--no-periodic-update", SUITE], {
      PYTHONPATH: VIRTUALENV,
    });
    run(path.join(BIN, "python"), ["-m", "pip", "install", "autobahntestsuite"]);
    fs.writeFileSync(STAMP, wanted);
  }
  return path.join(BIN, "wstest");
}

/** A Python 2.7: the one that PYTHON27 names, or else on the path, or of pyenv. */
function findPython() {
  const { PYTHON27 } = process.env;
  const candidates = PYTHON27 ? [PYTHON27] : ["python2.7", ...pythonsOfPyenv()];
  const found = candidates.find((candidate) => output(candidate, ["-c", "import sys; print(sys.version_info[:2])"]) === "(2, 7)");
  if (found === undefined) {
    throw new Unavailable(`needs Python 2.7, which is none of: ${candidates.join(", ")}; set PYTHON27 to the path of one`);
  }
  return found;
}

function pythonsOfPyenv() {
  const { PYENV_ROOT = path.join(os.homedir(), ".pyenv") } = process.env;
  const versions = path.join(PYENV_ROOT, "versions");
  if (!fs.existsSync(versions)) return [];
  return fs.readdirSync(versions).filter((version) => version.startsWith("2.7.")).map((version) => path.join(versions, version, "bin", "python"));
}

/** A Python with pip, to install virtualenv by: most distributions have none for 2.7, but then one for 3. */
function findInstaller(python) {
  const found = [python, "python3"].find((candidate) => output(candidate, ["-m", "pip", "--version"]) !== null);
  if (found === undefined) throw new Unavailable(`needs pip, of ${python} or python3`);
  return found;
}

/** What a command writes, or null if it fails. */
function output(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

function run(command, args, env = {}) {
  // Relative and in the environment: pip hands that on to the builds it starts, but splits the value at spaces.
  const options = { cwd: path.dirname(CONSTRAINTS), env: { ...process.env, ...env, PIP_CONSTRAINT: path.basename(CONSTRAINTS) } };
  const { error, status, stdout, stderr } = spawnSync(command, args, { ...options, encoding: "utf8" });
  if (status === 0) return;
  const said = error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-15).join("\n");
  throw new Unavailable(
    `could not be installed, which needs PyPI, a C compiler and the headers of Python 2.7 (python2.7-dev):\n${command} ${args.join(" ")}\n${said}`,
  );
}

module.exports = { Unavailable, install };
