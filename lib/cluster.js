"use strict";

// Several processes on one port: the workers of node:cluster, which PM2's cluster mode uses too. Node's own servers get their
// connections from the primary process; here every worker listens by itself, and the system shares connections out, if it is Linux.

const cluster = require("node:cluster");
const os = require("node:os");

const { CryoError, codes } = require("./errors.js");

/** What this process shares with others, so that it does not share it with itself: the system would let it. */
const held = new Set();

/**
 * Whether the workers of a cluster can share their port. Systems other than Linux would give all connections to one of them: there each
 * worker has its port alone.
 */
const canShare = () => process.platform === "linux";

/** @param {{ path?: string }} options Those of a server. @returns {boolean} Whether it is one of several that would share a port. */
const inCluster = ({ path }) => cluster.isWorker && path === undefined;

/**
 * Lets a server listen.
 *
 * @param {any} native The `NativeServer`.
 * @param {{ host?: string, path?: string, port: number }} options As `normalizeOptions` returns them.
 * @returns {{ listening: import("./http/listening.js").Listening, release: () => void }} `release` is to be called when it stops.
 */
function listen(native, options) {
  const { host = "::", port } = options;
  const share = inCluster(options) && canShare();
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

/**
 * What a worker is told whose port is in use, most likely by another worker.
 *
 * @param {Error & { code?: string }} error Why the server can't listen, as Node's own would say it.
 * @param {{ path?: string }} options Those of the server.
 * @returns {Error} The same, but for a worker whose system can't share a port: `ERR_CRYO_CLUSTER_UNSUPPORTED`.
 */
function explained(error, options) {
  if (error.code !== "EADDRINUSE" || !inCluster(options) || canShare()) return error;
  return new CryoError(
    codes.CLUSTER_UNSUPPORTED,
    `${error.message}. On ${process.platform} the workers of a cluster can't share a port: the system would give all connections to one ` +
      "of them. Give each worker a port of its own behind a load balancer, or run a single process.",
    { cause: error },
  );
}

module.exports = { explained, listen };
