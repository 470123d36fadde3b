"use strict";

// Where things are. All that is installed or written is below target/, which git ignores.

const path = require("node:path");

const ROOT = path.join(__dirname, "..", "..");
const TARGET = path.join(ROOT, "target", "conformance");

module.exports = {
  ROOT,
  CONSTRAINTS: path.join(ROOT, "conformance", "constraints.txt"),
  ENVIRONMENT: path.join(TARGET, "environment"),
  REPORTS: path.join(TARGET, "reports"),
};
