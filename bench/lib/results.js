"use strict";

// What is left behind: every run as JSON, the report, the plots.

const { mkdirSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const { machine } = require("./machine.js");
const { plots } = require("./plots.js");
const { report } = require("./report.js");

/**
 * @param {{ plan: any, jobs: import("./bench.js").Job[], field: Map<string, import("./contenders.js").Contender>,
 *   options: import("./options.js").Options }} found
 */
async function writeResults({ plan, jobs, field, options }) {
  mkdirSync(options.out, { recursive: true });
  const write = (name, text) => writeFileSync(path.join(options.out, name), text);
  const about = { ...machine(options), command: `npm run bench -- ${process.argv.slice(2).join(" ")}`.trim() };
  for (const { id } of [...plan.points, ...plan.curves]) {
    const runs = jobs.filter((job) => job.id === id);
    write(`${id}.json`, `${JSON.stringify({ about, jobs: runs }, null, 1)}\n`);
  }
  for (const { name, svg } of await plots(plan.curves, jobs, field)) write(name, svg);
  write("report.md", report({ about, plan, jobs, field }));
  console.log(`\n${path.relative(process.cwd(), path.join(options.out, "report.md"))}`);
}

module.exports = { writeResults };
