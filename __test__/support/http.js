"use strict";

// The client's half of the HTTP upgrade, as text.

// The key of RFC 6455 section 1.3, whose accept value the fixtures hold.
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const UPGRADE_HEADERS = {
  Host: "localhost",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": KEY,
  "Sec-WebSocket-Version": "13",
};

/**
 * @param {string} target
 * @param {object} [options]
 * @param {string} [options.method]
 * @param {Record<string, string | undefined>} [options.headers] Added to those of an upgrade; undefined removes one.
 * @returns {string} The head of a request.
 */
function requestHead(target, { method = "GET", headers = {} } = {}) {
  const lines = Object.entries({ ...UPGRADE_HEADERS, ...headers })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/**
 * @param {string | bigint} sid
 * @param {string} [token]
 * @returns {string} The request target of a Cryo client.
 */
function target(sid, token = "tok") {
  return `/?authorization=Bearer%20${encodeURIComponent(token)}&x-cryo-sid=${encodeURIComponent(sid)}`;
}

/**
 * @typedef {object} Response
 * @property {number} status
 * @property {Record<string, string>} headers By lower-case name.
 * @property {string} head With the empty line that ends it.
 * @property {string} body
 */

/**
 * @param {Buffer} bytes
 * @returns {{ response: Response, rest: Buffer } | null} Null while the head is incomplete.
 */
function parseHead(bytes) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const head = bytes.toString("latin1", 0, end + 4);
  const [statusLine, ...lines] = head.trimEnd().split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const status = Number(statusLine.split(" ")[1]);
  return { response: { status, headers, head, body: "" }, rest: bytes.subarray(end + 4) };
}

module.exports = { parseHead, requestHead, target };
