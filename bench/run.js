"use strict";

// `npm run bench`: measures this server beside others and writes what it found to bench/results. See docs/performance.md.

const { readOptions } = require("./lib/options.js");
const { planOf } = require("./lib/plan.js");
const { prepare } = require("./lib/prepare.js");

async function main() {
  const options = readOptions();
  const plan = planOf(options);
  if (options.list) {
    for (const { id, title } of [...plan.points, ...plan.curves]) console.log(`${id.padEnd(18)} ${title}`);
    return;
  }
  // First: what follows needs the benchmark's own dependencies.
  const load = prepare();
  const { bench } = require("./lib/bench.js");
  process.exitCode = (await bench(plan, { ...options, load })) ? 0 : 1;
}

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
