"use strict";

// Whose certificates a connection to another server is to lead to: as for Node's own TLS clients.

const fs = require("node:fs");
const tls = require("node:tls");

let roots = null;
let warned = false;

/** @returns {Buffer} The certificates that Node.js trusts, with those of NODE_EXTRA_CA_CERTS, in the PEM format. */
function trustedRoots() {
  roots ??= Buffer.from(collect().join("\n"));
  return roots;
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
  // From Node.js 22.15 on; knows the extra ones and the command line's choices.
  if (typeof tls.getCACertificates === "function") return tls.getCACertificates("default");
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
