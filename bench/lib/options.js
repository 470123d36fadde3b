"use strict";

// The command line of `npm run bench -- ...`.

const path = require("node:path");
const { parseArgs } = require("node:util");

const USAGE = `npm run bench -- [options]
  --quick               one short round of everything, about two minutes
  --points a,b          only these points or curves (--list shows their names)
  --list                shows the names and ends
  --rounds N            interleaved rounds (default 5; quick: 1)
  --seconds S           seconds measured per run (default 3; quick: 0.7)
  --warmup S            seconds before that (default 1; quick: 0.3)
  --uws PATH            a uWebSockets.js to compare with (default: the one in npm's uwebsockets)
  --peer-module PATH    another module with this package's interface to compare with
  --server-core N       CPU the servers are pinned to (default 0)
  --load-core N         CPU the load generator is pinned to (default 1)
  --out DIR             where the results go (default bench/results; quick: bench/results/quick)`;

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {boolean} list
 * @property {string[]} points Names of the points and curves to measure; all when empty.
 * @property {number} rounds
 * @property {number} seconds
 * @property {number} warmup In seconds.
 * @property {string | undefined} uws
 * @property {string | undefined} peerModule
 * @property {number} serverCore
 * @property {number} loadCore
 * @property {string} out
 */

/**
 * @param {string[]} [args]
 * @returns {Options}
 * @throws {Error} For what is no option, or no value for one; the message says what there is.
 */
function readOptions(args = process.argv.slice(2)) {
  const { values } = parse(args);
  const quick = values.quick ?? false;
  const number = (name, fallback, least) => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (!(value >= least)) throw new Error(`--${name} ${values[name]} is no number from ${least} on\n${USAGE}`);
    return value;
  };
  return {
    quick,
    list: values.list ?? false,
    points: values.points?.split(",") ?? [],
    rounds: number("rounds", quick ? 1 : 5, 1),
    seconds: number("seconds", quick ? 0.7 : 3, 0.1),
    warmup: number("warmup", quick ? 0.3 : 1, 0),
    uws: values.uws && path.resolve(values.uws),
    peerModule: values["peer-module"] && path.resolve(values["peer-module"]),
    serverCore: number("server-core", 0, 0),
    loadCore: number("load-core", 1, 0),
    out: path.resolve(values.out ?? path.join(__dirname, "..", "results", quick ? "quick" : "")),
  };
}

function parse(args) {
  const text = { type: "string" };
  const flag = { type: "boolean" };
  const options = { quick: flag, list: flag, points: text, rounds: text, seconds: text, warmup: text, uws: text };
  const more = { "peer-module": text, "server-core": text, "load-core": text, out: text };
  try {
    return parseArgs({ args, options: { ...options, ...more } });
  } catch (error) {
    throw new Error(`${error.message}\n${USAGE}`, { cause: error });
  }
}

module.exports = { readOptions };
