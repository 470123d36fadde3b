"use strict";

// Which runtime this is, where that makes a difference.

/**
 * Whether the event loop is libuv's, so that the addon may use it. Others export libuv's functions too, for addons that look for them: Bun's end
 * the process, and Deno's tell of a readable descriptor some 10 ms later.
 *
 * @param {{ release?: { name?: string }, versions: Record<string, string | undefined> }} [runtime] Stands in for `process` in tests.
 * @returns {boolean}
 */
function isNode({ release, versions } = process) {
  return release?.name === "node" && versions.bun === undefined && versions.deno === undefined;
}

module.exports = { isNode };
