"use strict";

// Keys and certificates on their way to Rust, where it shows whether they can be used.

const { optionTypeError } = require("./errors.js");
const { loadNative } = require("./bridge/native.js");
const { isNode } = require("./bridge/runtime.js");
const { normalizeSsl } = require("./options/options.js");

/**
 * @param {Readonly<Record<string, any>>} options As `normalizeOptions` returns them.
 * @param {import("./bridge/bridge.js").Bridge} bridge Where its events go, and its commands come from.
 * @returns {any} A `NativeServer`.
 * @throws {TypeError} `ERR_CRYO_INVALID_OPTION` for `options.ssl`.
 */
function makeNative(options, bridge) {
  const { NativeServer } = loadNative();
  const make = () => new NativeServer(options, bridge.arrays, bridge.wake, isNode());
  // The only thing that options which passed their check can still be wrong in.
  if (options.ssl === undefined) return make();
  return named("options.ssl", make);
}

/**
 * @param {any} native The `NativeServer`.
 * @param {boolean} secure Whether it has TLS at all.
 * @param {unknown} ssl Key and certificate for connections to come.
 * @throws {TypeError} `ERR_CRYO_INVALID_OPTION`; the old ones then stay.
 */
function updateTls(native, secure, ssl) {
  if (!secure) throw optionTypeError("ssl", ssl, "nothing on a server that was started without options.ssl");
  const pem = normalizeSsl("ssl", ssl);
  named("ssl", () => native.updateTls(pem));
}

function named(name, call) {
  try {
    return call();
  } catch (error) {
    throw optionTypeError(name, error.message, "a PEM key and its certificate");
  }
}

module.exports = { makeNative, updateTls };
