"use strict";

// Passes keys and certificates to Rust, which shows whether they can be used.

const { X509Certificate, createPrivateKey } = require("node:crypto");

const { optionError } = require("./errors.js");
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
  const make = () => new NativeServer(options, bridge.arrays, bridge.wake, isNode() ? bridge.contexts.resource : null);
  // The only thing that options which passed their check can still be wrong in.
  if (options.ssl === undefined) return make();
  return using("options.ssl", options.ssl, make);
}

/**
 * @param {any} native The `NativeServer`.
 * @param {boolean} secure Whether it has TLS at all.
 * @param {unknown} ssl Key and certificate for connections to come.
 * @throws {TypeError} `ERR_CRYO_INVALID_OPTION`; the old ones then stay.
 */
function updateTls(native, secure, ssl) {
  if (!secure) throw optionError("UpdateTLS() needs a server that was started with options.ssl; this one has no TLS.");
  const pem = normalizeSsl("ssl", ssl);
  using("ssl", pem, () => native.updateTls(pem));
}

function using(name, pem, call) {
  const unusable = (reason, cause) =>
    optionError(`${name} can't be used: ${reason}. It takes a PEM private key and its certificate.`, { cause });
  if (!belongTogether(pem)) throw unusable("ssl.key is not the key of ssl.cert");
  try {
    return call();
  } catch (cause) {
    throw unusable(cause.message, cause);
  }
}

/** Whether a key is that of a certificate. What can't be read here is left to Rust, which says why. */
function belongTogether({ key, cert }) {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return true;
  }
}

module.exports = { makeNative, updateTls };
