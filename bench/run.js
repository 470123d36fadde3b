"use strict";

// `npm run bench`: measures this server beside others and writes what it found to bench/results. See docs/performance.md.

const { readOptions } = require("./lib/options.js");
const { prepare } = require("./lib/prepare.js");

async function main() {
  const options = readOptions();
  // First: what follows needs the benchmark's own dependencies.
  const load = prepare();
  const { bench } = require("./lib/bench.js");
  process.exitCode = (await bench({ ...options, load })) ? 0 : 1;
}

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
