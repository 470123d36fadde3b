"use strict";

// `npm run soak -- --minutes 30`: that much of mixed load, then a verdict. See docs/reliability.md.

const os = require("node:os");
const { parseArgs } = require("node:util");

const { soak } = require("./soak.js");

const LEAST = 2;

function readMinutes() {
  const { values } = parseArgs({ options: { minutes: { type: "string", default: "30" } } });
  const minutes = Number(values.minutes);
  if (!(minutes >= LEAST)) throw new Error(`--minutes ${values.minutes} is no number from ${LEAST} on`);
  return minutes;
}

async function main() {
  const minutes = readMinutes();
  const cpus = os.cpus();
  console.log(`${minutes} minutes; ${cpus.length} x ${cpus[0].model.trim()}, Node.js ${process.version}`);
  const findings = await soak(minutes, console.log);
  for (const { ok, name, text } of findings) console.log(`${ok ? "ok    " : "FAILED"} ${name}: ${text}`);
  process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1;
}

main().catch((error) => {
  console.error(`soak: ${error.message}`);
  process.exitCode = 1;
});
