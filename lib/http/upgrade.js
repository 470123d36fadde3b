"use strict";

// Upgrades to WebSocket among the requests that Node.js has read: on a connection that a reverse proxy keeps, one may follow
// ordinary requests.

/**
 * @param {import("node:http").IncomingHttpHeaders} headers
 * @returns {boolean} As src/net/handshake/upgrade.rs decides it.
 */
function isWebSocketUpgrade({ connection, upgrade }) {
  return hasToken(upgrade, "websocket") && hasToken(connection, "upgrade");
}

/** Whether a header field that is a comma-separated list has this member. */
function hasToken(value, token) {
  return value !== undefined && value.split(",").some((part) => part.trim().toLowerCase() === token);
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @returns {Buffer} Its head, as it came.
 */
function headOf({ method, url, httpVersion, rawHeaders }) {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

module.exports = { headOf, isWebSocketUpgrade };
