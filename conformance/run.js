"use strict";

// `npm run conformance`: the server's WebSocket code, as a plain echo, under the Autobahn test suite. Arguments are the cases to run, such as
// `6.*`; without there are all. See docs/reliability.md.

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

const patterns = process.argv.slice(2);
main(patterns.length > 0 ? patterns : ["*"]).catch((error) => {
  if (error instanceof Unavailable) {
    console.log(`conformance: skipped, the Autobahn test suite ${error.message}`);
  } else {
    console.error(`conformance: ${error.message}`);
    process.exitCode = 1;
  }
});
