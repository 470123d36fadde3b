"use strict";

// A reporter for `node --test`: one line of JSON for each test, with its file, its full name and its outcome, for
// check-compatibility.js. Node's own formats for machines differ between its versions; its events do not.

const path = require("node:path");

/** @typedef {{ file: string, name: string, outcome: "passed" | "failed" | "skipped" }} Result */

/** Between the name of a suite and the name of a test in it. */
const SEPARATOR = " › ";

/**
 * The events of one file come in a row, and those of a suite between its own start and its end. A suite that is skipped has none
 * of its tests, and stands for them.
 *
 * @param {AsyncIterable<{ type: string, data: any }>} events
 */
module.exports = async function* results(events) {
  /** The test that reports, behind the suites it is in. */
  const stack = [];
  for await (const { type, data } of events) {
    if (type === "test:start") {
      stack.length = data.nesting;
      stack.push(data);
    } else if ((type === "test:pass" || type === "test:fail") && (data.details.type !== "suite" || data.skip !== undefined)) {
      const file = path.basename((stack[0] ?? data).file ?? "");
      const name = [...stack.slice(0, data.nesting), data].map((test) => test.name).join(SEPARATOR);
      yield `${JSON.stringify({ file, name, outcome: outcome(type, data) })}\n`;
    }
  }
};

/** A test that is still to be done shows nothing, whether it passes or not. */
function outcome(type, { skip, todo }) {
  if (skip !== undefined || todo !== undefined) return "skipped";
  return type === "test:pass" ? "passed" : "failed";
}
