"use strict";

// The checkout, for tests of its documents, its sources and its scripts.

const fs = require("node:fs");
const path = require("node:path");

const { ROOT } = require("../../scripts/paths.js");

/** The text of a file. @param {string} file Its path in the checkout. */
const read = (file) => fs.readFileSync(path.join(ROOT, file), "utf8");

/**
 * @param {string} folder Its path in the checkout.
 * @param {...string} extensions
 * @returns {string[]} The paths of its files with one of these extensions, at any depth.
 */
function filesIn(folder, ...extensions) {
  const names = fs.readdirSync(path.join(ROOT, folder), { recursive: true });
  return names.filter((name) => extensions.includes(path.extname(name))).map((name) => path.join(folder, name));
}

module.exports = { ROOT, filesIn, read };
