"use strict";

// What a TLSSocket has and a net.Socket has not, as far as applications ask for it, from what rustls has agreed on with the client.

/**
 * @param {string[]} lines As src/net/tls.rs writes them: the server's name that the client asked for, the application's protocol, the version of
 *   TLS, the cipher suite. What there is none of is empty.
 * @param {() => boolean} isOver Whether the connection is: a TLSSocket tells less then.
 */
function tlsMembers([servername, alpnProtocol, version, suite], isOver) {
  const protocol = version.replace("_", ".");
  const cipher = cipherOf(suite, protocol);
  return {
    encrypted: true,
    // As where the client was not asked for a certificate.
    authorized: false,
    getPeerCertificate: () => ({}),
    servername: servername || false,
    alpnProtocol: alpnProtocol || false,
    getProtocol: () => (isOver() ? null : protocol),
    getCipher: () => (isOver() ? null : { ...cipher }),
  };
}

/** By OpenSSL's name and by the standard's. Those of TLS 1.3 have one name for both, in which rustls names that version. */
function cipherOf(suite, version) {
  const standardName = suite.replace(/^TLS13_/, "TLS_");
  return { name: version === "TLSv1.3" ? standardName : opensslName(standardName), standardName, version };
}

/** Such as ECDHE-RSA-AES128-GCM-SHA256 for TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256. */
function opensslName(standardName) {
  const [, exchange, encryption] = /^TLS_(.*)_WITH_(.*)$/.exec(standardName) ?? ["", standardName, ""];
  // One that OpenSSL names without the hash.
  const short = encryption.replace(/^AES_/, "AES").replace(/(?<=POLY1305)_SHA256$/, "");
  return `${exchange}-${short}`.replaceAll("_", "-");
}

module.exports = { tlsMembers };
