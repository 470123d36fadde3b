"use strict";

// Several processes on one port: the workers of node:cluster, which PM2's cluster mode uses too. Node's own servers get their
// connections from the primary process; here every worker listens by itself, and the system shares connections out, if it is Linux.

const cluster = require("node:cluster");
const { isIPv4 } = require("node:net");
const os = require("node:os");

const { CryoError, codes } = require("./errors.js");

/**
 * What this process shares with others, so that it does not share it with itself: the system would let it. For all copies of the package that are
 * loaded, as each dependency of the application may bring one along.
 *
 * @type {Set<{ address: string, port: number }>}
 */
const held = (process[Symbol.for("cryo-server: shared ports")] ??= new Set());

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
  const { host: address = "::", port } = options;
  if (!inCluster(options) || !canShare()) return { listening: native.listen(false), release() {} };
  // First, so that no connection comes to a server that has to end.
  if (isHeld(address, port)) return refused(address, port);
  const listening = native.listen(true);
  if (listening.error !== undefined) return { listening, release() {} };
  // Only now it is known what a name has led to.
  if (isHeld(listening.address, port)) return refused(listening.address, port);
  const own = { address: listening.address, port: listening.port };
  held.add(own);
  return { listening, release: () => void held.delete(own) };
}

/** As where the system has refused it. */
function refused(address, port) {
  return { listening: { error: "EADDRINUSE", errno: os.constants.errno.EADDRINUSE, address, port }, release() {} };
}

function isHeld(address, port) {
  return [...held].some((other) => other.port === port && (includes(other.address, address) || includes(address, other.address)));
}

/** Whether who listens at an address listens at another one, too. */
function includes(address, other) {
  return address === other || address === "::" || (address === "0.0.0.0" && isIPv4(other));
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
