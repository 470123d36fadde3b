"use strict";

// The addons that a release consists of: one for each target in package.json, whose package is prepared under npm/.

const fs = require("node:fs");
const path = require("node:path");

const { ROOT } = require("../paths.js");
const { inspectAddon } = require("./addon-file.js");

/** The newest glibc that an addon may ask for: that of the distributions Node.js 20 itself was built for, and older ones. */
const GLIBC_LIMIT = "2.17";

const readManifest = (folder) => JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));

/** @returns {{ name: string, folder: string, manifest: any }[]} The platform packages under npm/, such as linux-x64-gnu. */
function platformPackages(root = ROOT) {
  const npm = path.join(root, "npm");
  return fs
    .readdirSync(npm)
    .sort()
    .map((name) => ({ name, folder: path.join(npm, name), manifest: readManifest(path.join(npm, name)) }));
}

/** @returns {Map<string, string>} The addons in a folder: name of the file → where it lies. */
function findAddons(folder) {
  const addons = fs.readdirSync(folder).filter((file) => file.endsWith(".node"));
  return new Map(addons.map((file) => [file, path.join(folder, file)]));
}

/**
 * What keeps the addons in a folder from being released.
 *
 * @param {string} folder
 * @param {ReturnType<typeof platformPackages>} [packages]
 * @param {string} [version] That of the main package.
 * @returns {{ problems: string[], found: { file: string, bytes: number, glibc?: string }[] }} No problem means: release.
 */
function checkArtifacts(folder, packages = platformPackages(), version = readManifest(ROOT).version) {
  const problems = [];
  const found = [];
  const addons = findAddons(folder);
  for (const { name, manifest } of packages) {
    if (manifest.version !== version) problems.push(`npm/${name} has version ${manifest.version}, the main package ${version}; run \`npm version\``);
    const file = addons.get(manifest.main);
    if (file === undefined) {
      problems.push(`${manifest.main} is missing`);
      continue;
    }
    const bytes = fs.readFileSync(file);
    const addon = inspectAddon(bytes);
    problems.push(...mismatches(manifest, addon).map((problem) => `${manifest.main} ${problem}`));
    found.push({ file: manifest.main, bytes: bytes.length, glibc: addon?.glibc });
  }
  const known = new Set(packages.map(({ manifest }) => manifest.main));
  for (const file of addons.keys()) if (!known.has(file)) problems.push(`${file} belongs to no package under npm/`);
  return { problems, found };
}

/** How an addon differs from what its package says of it. */
function mismatches(manifest, addon) {
  if (addon === null) return ["is no addon of a known format"];
  const problems = [];
  for (const property of ["os", "cpu", "libc"]) {
    const wanted = manifest[property]?.[0];
    if (addon[property] !== wanted) problems.push(`is for ${property} ${addon[property]}, not ${wanted}`);
  }
  if (addon.glibc !== undefined && isNewer(addon.glibc, GLIBC_LIMIT)) problems.push(`needs glibc ${addon.glibc}, more than ${GLIBC_LIMIT}`);
  return problems;
}

/** Whether version a is above b; both as `major.minor`. */
function isNewer(a, b) {
  return a.localeCompare(b, "en", { numeric: true }) > 0;
}

module.exports = { checkArtifacts, findAddons, platformPackages, readManifest };
