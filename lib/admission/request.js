"use strict";

// The upgrade request of a session, as the validator and the application see it.

const { clientOf } = require("./forwarded.js");

/**
 * A read-only view of an upgrade request. Its text is only taken apart when somebody looks.
 */
class UpgradeRequest {
  #text;
  #trust;
  #parts;

  /**
   * @param {string} text Address, port, target and header lines, one a line, as src/server/handshake/admission.rs writes them.
   * @param {import("./forwarded.js").Trust | null} [trust] Whose word is taken on the client's address.
   */
  constructor(text, trust = null) {
    this.#text = text;
    this.#trust = trust;
  }

  /** The client's IP address, if need be as a trusted proxy forwarded it; undefined over a Unix domain socket. */
  get remoteAddress() {
    return this.#parsed().remoteAddress;
  }

  /** The client's port; undefined over a Unix domain socket, and where a proxy has not forwarded it. */
  get remotePort() {
    return this.#parsed().remotePort;
  }

  /** The IP address at the other end of the socket: the client's, or that of its last proxy. */
  get socketAddress() {
    return this.#parsed().socketAddress;
  }

  /** The request target, with its query. */
  get url() {
    return this.#parsed().url;
  }

  /** The headers by their names in lower case; those that came more than once joined by `, `. */
  get headers() {
    return this.#parsed().headers;
  }

  #parsed() {
    this.#parts ??= parse(this.#text, this.#trust);
    return this.#parts;
  }
}

function parse(text, trust) {
  const [address, port, url, ...lines] = text.split("\n");
  /** @type {Record<string, string>} */
  const headers = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(": ");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 2);
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const peer = address === "" ? { address: undefined, port: undefined } : { address, port: Number(port) };
  const client = trust === null ? peer : clientOf(peer, headers, trust);
  return { remoteAddress: client.address, remotePort: client.port, socketAddress: peer.address, url, headers };
}

module.exports = { UpgradeRequest };
