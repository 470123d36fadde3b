"use strict";

// The crate's version, in Cargo.toml and in each Cargo.lock that names the crate.

const fs = require("node:fs");
const path = require("node:path");

const { ROOT } = require("../paths.js");

/** The files, by their paths in the checkout, and where the version stands in them: between the first group and the next quote. */
const PLACES = {
  "Cargo.toml": /^(version = ")[^"]*/m,
  "Cargo.lock": /^(name = "cryo-server"\r?\nversion = ")[^"]*/m,
  "bench/micro/Cargo.lock": /^(name = "cryo-server"\r?\nversion = ")[^"]*/m,
  "fuzz/Cargo.lock": /^(name = "cryo-server"\r?\nversion = ")[^"]*/m,
};

/**
 * @param {string} version
 * @param {string} [root] The checkout.
 * @throws {Error} For a file that doesn't say the version where it should.
 */
function setCrateVersion(version, root = ROOT) {
  for (const [name, place] of Object.entries(PLACES)) {
    const file = path.join(root, name);
    const text = fs.readFileSync(file, "utf8");
    if (!place.test(text)) throw new Error(`${name} has no version of the crate cryo-server`);
    fs.writeFileSync(file, text.replace(place, (_, before) => `${before}${version}`));
  }
}

module.exports = { CRATE_FILES: Object.keys(PLACES), setCrateVersion };
