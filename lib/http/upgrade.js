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

/**
 * Answers a request that is no upgrade where nobody answers requests, as Rust answers the first of a connection.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @returns {true}
 */
function requireUpgrade({ socket: { remoteAddress, remotePort } }, response) {
  const peer = remoteAddress === undefined ? "" : ` for ${remoteAddress}:${remotePort}`;
  const words = `Upgrade request${peer} was refused. This server speaks WebSocket only.`;
  const body = `<html><body><h1>426 Upgrade Required</h1><p>${words}</p></body></html>`;
  response.writeHead(426, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    Upgrade: "websocket",
    Connection: "close, Upgrade",
  });
  response.end(body);
  return true;
}

module.exports = { headOf, isWebSocketUpgrade, requireUpgrade };
