"use strict";

// Finds and loads the Rust addon: the build in this package's own folder first (a checkout), else the
// prebuilt one of this platform, which npm installs as an optional package.

const fs = require("node:fs");
const path = require("node:path");

const { CryoError, codes } = require("../errors.js");
const { linuxLibc } = require("./libc.js");

const ROOT = path.join(__dirname, "..", "..");

// Node.js platform and architecture → what napi-rs calls it. Linux also needs the C library, added below.
const TRIPLES = {
  "darwin-arm64": "darwin-arm64",
  "darwin-x64": "darwin-x64",
  "linux-arm64": "linux-arm64",
  "linux-x64": "linux-x64",
  "win32-arm64": "win32-arm64-msvc",
  "win32-x64": "win32-x64-msvc",
};

/**
 * The name under which this platform's addon is built and published.
 *
 * @param {string} [platform] As `process.platform` names it.
 * @param {string} [arch] As `process.arch` names it.
 * @param {() => "gnu" | "musl"} [libc] Asked on Linux only.
 * @returns {string | null} Such as `linux-x64-gnu`; null where there is no prebuilt addon.
 */
function platformTriple(platform = process.platform, arch = process.arch, libc = linuxLibc) {
  const triple = TRIPLES[`${platform}-${arch}`];
  if (triple === undefined) return null;
  return platform === "linux" ? `${triple}-${libc()}` : triple;
}

/**
 * The addon that `npm run build` makes in a checkout.
 *
 * @param {string | null} [triple] As {@link platformTriple} answers.
 * @param {() => string[]} [list] The names of the files in the package's folder.
 * @returns {string | null} Its path, whether it is there or not. Where there is no prebuilt addon, only the build knows what napi-rs calls
 *   the platform: then it is the addon that is there, or null if there is none, or more than one.
 */
function builtAddon(triple = platformTriple(), list = () => fs.readdirSync(ROOT)) {
  if (triple !== null) return path.join(ROOT, `cryo-server.${triple}.node`);
  const built = list().filter((name) => /^cryo-server\..+\.node$/.test(name));
  return built.length === 1 ? path.join(ROOT, built[0]) : null;
}

/**
 * Loads the addon.
 *
 * @param {(id: string) => unknown} [load] Stands in for `require` in tests.
 * @param {string | null} [triple] As {@link platformTriple} answers.
 * @param {(file: string) => boolean} [exists] Stands in for `fs.existsSync` in tests.
 * @param {() => string[]} [list] As {@link builtAddon} takes it.
 * @returns {any} What the addon exports.
 * @throws {CryoError} `ERR_CRYO_NATIVE_MISSING`, which says what platform this is and what to do.
 */
function loadNative(load = require, triple = platformTriple(), exists = fs.existsSync, list = undefined) {
  const platform = triple ?? `${process.platform}-${process.arch}`;
  const built = builtAddon(triple, list);
  if (built === null) {
    throw new CryoError(
      codes.NATIVE_MISSING,
      `cryo-server has no addon for ${platform}; it has one for ${Object.keys(TRIPLES).join(", ")}. ` +
        "Elsewhere, run `npm run build` in a clone of its repository, which makes a single cryo-server.*.node there and takes Rust, " +
        "and install that folder.",
    );
  }
  const source = triple === null || exists(built) ? built : `cryo-server-${triple}`;
  try {
    return load(source);
  } catch (cause) {
    throw new CryoError(codes.NATIVE_MISSING, explain(source, platform, cause), { cause });
  }
}

function explain(source, platform, cause) {
  const reason = String(cause instanceof Error ? cause.message : cause).replace(/\.$/, "");
  if (cause?.code === "ERR_DLOPEN_DISABLED") {
    return (
      `Node.js may not load ${source}: ${reason}. ` +
      "Start it without `--no-addons`, and where it has the permission model, with `--allow-addons`."
    );
  }
  const missing = cause?.code === "MODULE_NOT_FOUND";
  const found = missing ? `the package ${source} is not installed` : `${source} can't be loaded: ${reason}`;
  return (
    `No addon for this platform (${platform}): ${found}. ` +
    "Install cryo-server again here, on the machine that runs it and without `--omit=optional`, " +
    "or run `npm run build` in a clone of its repository, which takes Rust."
  );
}

module.exports = { builtAddon, loadNative, platformTriple };
