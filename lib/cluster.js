"use strict";

// Several processes on one port: the workers of node:cluster, which PM2's cluster mode uses too. Node's own servers get their
// connections from the primary process; here every worker listens by itself, and the system shares connections out.

const cluster = require("node:cluster");
const os = require("node:os");

const { CryoError, codes } = require("./errors.js");

/** What this process shares with others, so that it does not share it with itself: the system would let it. */
const held = new Set();

/**
 * @param {Record<string, any>} options As `normalizeOptions` returns them.
 * @returns {boolean} Whether the server is one of several on its port.
 * @throws {CryoError} `ERR_CRYO_CLUSTER_UNSUPPORTED` where the system can't share connections out.
 */
function sharesPort({ path }) {
  if (!cluster.isWorker || path !== undefined) return false;
  if (process.platform === "linux") return true;
  throw new CryoError(
    codes.CLUSTER_UNSUPPORTED,
    `On ${process.platform} the workers of a cluster can't share a port: the system would give all connections to one of them. ` +
      "Give each worker a port of its own behind a load balancer, or run a single process.",
  );
}

/**
 * Lets a server listen.
 *
 * @param {any} native The `NativeServer`.
 * @param {boolean} share As {@link sharesPort} says.
 * @param {{ host?: string, port: number }} options
 * @returns {{ listening: import("./http/listening.js").Listening, release: () => void }} `release` is to be called when it stops.
 */
function listen(native, share, { host = "::", port }) {
  const key = `${host} ${port}`;
  if (share && held.has(key)) {
    const listening = { error: "EADDRINUSE", errno: os.constants.errno.EADDRINUSE, address: host, port };
    return { listening, release() {} };
  }
  const listening = native.listen(share);
  // Port 0 is another one every time.
  const holds = share && port !== 0 && listening.error === undefined;
  if (holds) held.add(key);
  return { listening, release: () => void (holds && held.delete(key)) };
}

module.exports = { listen, sharesPort };
