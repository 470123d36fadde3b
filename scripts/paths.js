"use strict";

// Where this checkout lies, for the scripts, and for the tests that look at more of it than the package.

const path = require("node:path");

const ROOT = path.join(__dirname, "..");

module.exports = { ROOT };
