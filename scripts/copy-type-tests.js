"use strict";

// Copies the applications of __test__/types to where `tsc` checks them, each once as an ES module and once as CommonJS:
// TypeScript tells the two apart by a file's name. The copies stay inside the package, so that "cryo-server" is it.

const fs = require("node:fs");
const path = require("node:path");

const { ROOT } = require("./paths.js");

const SOURCES = path.join(ROOT, "__test__", "types");
const COPIES = path.join(ROOT, "target", "types");

fs.rmSync(COPIES, { recursive: true, force: true });
fs.mkdirSync(COPIES, { recursive: true });
for (const file of fs.readdirSync(SOURCES)) {
  const { name } = path.parse(file);
  for (const extension of [".mts", ".cts"]) fs.copyFileSync(path.join(SOURCES, file), path.join(COPIES, name + extension));
}
