"use strict";

// Makes the tarballs that are published: the main package, with its platform packages as optional dependencies of the
// same version, and those platform packages whose addon was built. A checkout's package.json does not list them, because
// `npm ci` would look for a version that is not published yet.

const fs = require("node:fs");
const path = require("node:path");

const { npm } = require("../npm.js");
const { ROOT } = require("../paths.js");
const { findAddons, platformPackages, readManifest } = require("./artifacts.js");

/** What only a checkout can use. */
const CHECKOUT_ONLY = ["devDependencies", "napi", "overrides", "private", "scripts"];
/** What npm packs besides the `files` of package.json. */
const ALWAYS_PACKED = ["LICENSE", "README.md"];

/**
 * Where the package comes from: the repository whose workflow runs this, which is the one that a provenance statement must name.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function originFields({ GITHUB_SERVER_URL, GITHUB_REPOSITORY }) {
  if (GITHUB_SERVER_URL === undefined || GITHUB_REPOSITORY === undefined) return {};
  const url = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;
  return { homepage: `${url}#readme`, repository: { type: "git", url: `git+${url}.git` }, bugs: { url: `${url}/issues` } };
}

/** package.json as it is published. */
function publishedManifest(manifest, platforms, env = process.env) {
  const kept = Object.entries(manifest).filter(([key]) => !CHECKOUT_ONLY.includes(key));
  const optional = platforms.map((platform) => [platform.manifest.name, manifest.version]);
  return { ...Object.fromEntries(kept), ...originFields(env), optionalDependencies: Object.fromEntries(optional) };
}

/** Copies files into a new folder and packs it. @returns {string} The tarball. */
function pack(name, out, manifest, sources) {
  const folder = path.join(out, name);
  fs.mkdirSync(folder);
  for (const source of sources) fs.cpSync(source, path.join(folder, path.basename(source)), { recursive: true, dereference: true });
  fs.writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  const [{ filename }] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", ".."], folder));
  fs.rmSync(folder, { recursive: true });
  return path.join(out, filename);
}

/**
 * @param {string} addonFolder Where the addons lie.
 * @param {string} out A folder, emptied first.
 * @returns {{ main: string, platforms: Map<string, string> }} The tarballs; of platforms by name, such as linux-x64-gnu.
 */
function packAll(addonFolder, out) {
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  const addons = findAddons(addonFolder);
  const platforms = platformPackages();

  const manifest = readManifest(ROOT);
  const sources = [...ALWAYS_PACKED, ...manifest.files].map((file) => path.join(ROOT, file));
  const main = pack("main", out, publishedManifest(manifest, platforms), sources);

  const built = platforms.filter((platform) => addons.has(platform.manifest.main));
  const tarballs = built.map(({ name, folder, manifest: platform }) => {
    const files = [addons.get(platform.main), path.join(folder, "README.md"), path.join(ROOT, "LICENSE")];
    return [name, pack(name, out, { ...platform, ...originFields(process.env) }, files)];
  });
  return { main, platforms: new Map(tarballs) };
}

module.exports = { packAll, publishedManifest };
