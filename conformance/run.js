"use strict";

// `npm run conformance`: the server's WebSocket code, as a plain echo, under the Autobahn test suite. Arguments are the cases to run, such as
// `6.*`; without there are all. Where the suite can't be had nothing is run, which with --strict is a failure. See docs/reliability.md.

const { parseArgs } = require("node:util");

const { Echo, build } = require("./lib/echo.js");
const { Unavailable, install } = require("./lib/install.js");
const { passed, report } = require("./lib/report.js");
const { runCases } = require("./lib/suite.js");

async function main(cases) {
  const wstest = install();
  const echo = new Echo(build());
  try {
    const results = runCases(wstest, await echo.listening(), cases);
    console.log(report(results));
    process.exitCode = passed(results) ? 0 : 1;
  } finally {
    await echo.stop();
  }
}

function skip({ message }, strict) {
  console.log(`conformance: ${strict ? "FAILED" : "skipped"}, the Autobahn test suite ${message}`);
  if (strict) process.exitCode = 1;
}

const { values, positionals } = parseArgs({ options: { strict: { type: "boolean", default: false } }, allowPositionals: true });
main(positionals.length > 0 ? positionals : ["*"]).catch((error) => {
  if (error instanceof Unavailable) {
    skip(error, values.strict);
  } else {
    console.error(`conformance: ${error.message}`);
    process.exitCode = 1;
  }
});
