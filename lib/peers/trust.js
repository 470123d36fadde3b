"use strict";

// Whose certificates a connection to another server is to lead to: as for Node's own TLS clients.

const fs = require("node:fs");
const tls = require("node:tls");

/** The certificates that were trusted when that was asked last, and the same ones as bytes. @type {readonly string[]} */
let certificates = [];
let roots = Buffer.alloc(0);

/** Those of an older Node.js, which don't change. @type {readonly string[] | null} */
let older = null;
let warned = false;

/** @returns {Buffer} The certificates that Node.js trusts now, in the PEM format; the same Buffer as long as they are the same. */
function trustedRoots() {
  const current = collect();
  if (!isSame(current, certificates)) {
    certificates = current;
    roots = Buffer.from(current.join("\n"));
  }
  return roots;
}

/** Node.js makes another array each time, once an application has set its own. */
function isSame(one, other) {
  return one === other || (one.length === other.length && one.every((certificate, at) => certificate === other[at]));
}

/**
 * Whether servers have to prove who they are. As with Node's own clients, NODE_TLS_REJECT_UNAUTHORIZED=0 says that they
 * need not, and costs a process warning.
 *
 * @returns {boolean}
 */
function mustVerify() {
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED !== "0") return true;
  if (!warned) {
    warned = true;
    process.emitWarning(
      "Setting the NODE_TLS_REJECT_UNAUTHORIZED environment variable to '0' makes TLS connections insecure: " +
        "ConnectPeer does not verify certificates.",
    );
  }
  return false;
}

function collect() {
  // From Node.js 22.15 on; knows the extra ones, the command line's choices, and what tls.setDefaultCACertificates() was called with.
  if (typeof tls.getCACertificates === "function") return tls.getCACertificates("default");
  older ??= withExtra();
  return older;
}

/** Node's own, with those of NODE_EXTRA_CA_CERTS. */
function withExtra() {
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  if (!extra) return tls.rootCertificates;
  try {
    return [...tls.rootCertificates, fs.readFileSync(extra, "utf8")];
  } catch (error) {
    process.emitWarning(`Ignoring extra certs from \`${extra}\`, load failed: ${error.message}`);
    return tls.rootCertificates;
  }
}

module.exports = { mustVerify, trustedRoots };
