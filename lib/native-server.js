"use strict";

// The `NativeServer` that a server stands for: how it is made, and what it means that it has ended by itself.

const { loadNative } = require("./bridge/native.js");
const { isNode } = require("./bridge/runtime.js");
const { CryoError, codes } = require("./errors.js");
const { useSsl } = require("./tls.js");

/**
 * @param {Readonly<Record<string, any>>} options As `normalizeOptions` returns them.
 * @param {import("./bridge/bridge.js").Bridge} bridge Where its events go, and its commands come from.
 * @returns {any} A `NativeServer`.
 * @throws {TypeError} `ERR_CRYO_INVALID_OPTION` for `options.ssl`.
 */
function makeNative(options, bridge) {
  const { NativeServer } = loadNative();
  const make = () => new NativeServer(options, bridge.arrays, bridge.wake, isNode() ? bridge.contexts.resource : null);
  // The only thing that options which passed their check can still be wrong in.
  return options.ssl === undefined ? make() : useSsl("options.ssl", options.ssl, make);
}

/** @param {string} said What the panic of the I/O thread said. */
function serverFailed(said) {
  const words = `The server has ended by a fault of its own, and all of its connections are closed: ${said}.`;
  return new CryoError(codes.SERVER_FAILED, `${words} Please report this.`);
}

module.exports = { makeNative, serverFailed };
