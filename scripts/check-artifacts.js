"use strict";

// Ends with an error unless a folder holds the addons of all platforms, each for the platform it is named after:
// node scripts/check-artifacts.js <folder>

const { checkArtifacts } = require("./release/artifacts.js");

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new TypeError("Which folder? node scripts/check-artifacts.js <folder>");

const { problems, found } = checkArtifacts(folder);
for (const { file, bytes, glibc } of found) {
  console.info(`${file}: ${bytes} bytes${glibc === undefined ? "" : `, glibc ${glibc}`}`);
}
for (const problem of problems) console.error(`error: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
