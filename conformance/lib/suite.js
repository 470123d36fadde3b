"use strict";

// One run of Autobahn's fuzzing client against an endpoint.

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const { REPORTS } = require("./paths.js");

const AGENT = "echo";
const SPEC = path.join(REPORTS, "spec.json");
const LOG = path.join(REPORTS, "wstest.log");
/** Both are about permessage-deflate, which the protocol has no use for and the server declines. */
const EXCLUDED = ["12.*", "13.*"];
/** For the whole run, in ms. All cases take about 20 s; with none that fits the patterns Autobahn waits for ever. */
const TIMEOUT = 300_000;

/**
 * What Autobahn says of a case.
 *
 * @typedef {object} Case
 * @property {string} id
 * @property {string} behavior
 * @property {string} behaviorClose
 * @property {string} description
 * @property {string} expectation
 * @property {string} result
 * @property {string} resultClose
 * @property {number | null} remoteCloseCode
 * @property {string | null} remoteCloseReason
 */

/**
 * @param {string} wstest The command.
 * @param {string} url The endpoint.
 * @param {string[]} cases Patterns, such as `6.*`.
 * @returns {Case[]}
 */
function runCases(wstest, url, cases) {
  fs.rmSync(REPORTS, { recursive: true, force: true });
  fs.mkdirSync(REPORTS, { recursive: true });
  const spec = {
    outdir: REPORTS,
    servers: [{ agent: AGENT, url, options: { version: 18 } }],
    cases,
    "exclude-cases": EXCLUDED,
    "exclude-agent-cases": {},
  };
  fs.writeFileSync(SPEC, JSON.stringify(spec));
  const log = fs.openSync(LOG, "w");
  const { error, status } = spawnSync(wstest, ["--mode", "fuzzingclient", "--spec", SPEC], {
    stdio: ["ignore", log, log],
    timeout: TIMEOUT,
  });
  fs.closeSync(log);
  if (error) throw new Error(`wstest can't be run, or did not end (${error.message}), see ${LOG}`);
  if (status !== 0) throw new Error(`wstest failed, see ${LOG}`);
  return readCases();
}

function readCases() {
  const read = (file) => fs.readFileSync(path.join(REPORTS, file), "utf8");
  const results = Object.values(JSON.parse(read("index.json"))[AGENT] ?? {});
  const [, announced] = /will run (\d+) test cases/.exec(fs.readFileSync(LOG, "utf8")) ?? [];
  if (results.length !== Number(announced)) throw new Error(`${results.length} of ${announced} cases were run, see ${LOG}`);
  return results.map(({ reportfile }) => JSON.parse(read(reportfile)));
}

module.exports = { runCases };
