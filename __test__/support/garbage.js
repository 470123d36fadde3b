"use strict";

// What is no longer held by anything.

const v8 = require("node:v8");
const vm = require("node:vm");

const { until } = require("./wait");

/** Collects the garbage, from the first call on. */
let collect = () => {
  v8.setFlagsFromString("--expose-gc");
  collect = vm.runInNewContext("gc");
  collect();
};

/**
 * Resolves when nothing holds any of these any more.
 *
 * @param {WeakRef<object>[]} references
 * @param {string} what Names the wait in the error.
 */
function collected(references, what) {
  const gone = () => {
    collect();
    return references.every((reference) => reference.deref() === undefined);
  };
  return until(gone, `the collection of ${what}`);
}

module.exports = { collected };
