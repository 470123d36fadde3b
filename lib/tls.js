"use strict";

// Passes keys and certificates to Rust, which shows whether they can be used.

const { X509Certificate, createPrivateKey } = require("node:crypto");

const { optionError } = require("./errors.js");
const { normalizeSsl } = require("./options/options.js");

/**
 * @param {any} native The `NativeServer`.
 * @param {boolean} secure Whether it has TLS at all.
 * @param {unknown} ssl Key and certificate for connections to come.
 * @throws {TypeError} `ERR_CRYO_INVALID_OPTION`; the old ones then stay.
 */
function updateTls(native, secure, ssl) {
  if (!secure) throw optionError("UpdateTLS() needs a server that was started with options.ssl; this one has no TLS.");
  const pem = normalizeSsl("ssl", ssl);
  useSsl("ssl", pem, () => native.updateTls(pem));
}

/**
 * Calls what passes a key and certificate to Rust.
 *
 * @template T
 * @param {string} name What they are called in an error message.
 * @param {{ key: Buffer, cert: Buffer }} pem As `normalizeSsl` returns them.
 * @param {() => T} call Fails for no other reason than these two.
 * @returns {T}
 * @throws {TypeError} `ERR_CRYO_INVALID_OPTION` where they can't be used.
 */
function useSsl(name, pem, call) {
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

module.exports = { updateTls, useSsl };
