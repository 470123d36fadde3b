"use strict";

// The upgrade request of a session, as the validator and the application see it.

/**
 * A read-only view of an upgrade request. Its text is only taken apart when somebody looks.
 */
class UpgradeRequest {
  #text;
  #parts;

  /** @param {string} text Address, port, target and header lines, one a line, as src/server/handshake.rs writes them. */
  constructor(text) {
    this.#text = text;
  }

  /** The client's IP address; undefined over a Unix domain socket. */
  get remoteAddress() {
    return this.#parsed().remoteAddress;
  }

  /** The client's port; undefined over a Unix domain socket. */
  get remotePort() {
    return this.#parsed().remotePort;
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
    this.#parts ??= parse(this.#text);
    return this.#parts;
  }
}

function parse(text) {
  const [address, port, url, ...lines] = text.split("\n");
  /** @type {Record<string, string>} */
  const headers = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(": ");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 2);
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return {
    remoteAddress: address === "" ? undefined : address,
    remotePort: address === "" ? undefined : Number(port),
    url,
    headers,
  };
}

module.exports = { UpgradeRequest };
