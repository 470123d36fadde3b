"use strict";

// Upgrades to WebSocket among the requests that Node.js has read: on a connection that a reverse proxy keeps, one may follow
// ordinary requests.

const { EventEmitter } = require("node:events");
const { STATUS_CODES } = require("node:http");

const { queueMicrotask } = require("../timers.js");
const { HttpSocket } = require("./socket.js");

/** Comma-separated lists with this member. Blanks and tabs may surround it (RFC 9110 section 5.6.3), but not all that `trim()` takes for white space. */
const WITH_WEBSOCKET = /(?:^|,)[ \t]*websocket[ \t]*(?:,|$)/i;
const WITH_UPGRADE = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i;

/** What Node's parser is told so that it reads nothing behind a head. */
const STOP = 2;

/**
 * Makes Node's parser stop behind the head of an upgrade to WebSocket, which is then emitted as `upgrade`: what follows is no HTTP. By
 * itself it does so where `upgrade` has a listener, whatever is still to be answered, and nowhere else. One that comes before its turn is
 * emitted as `request`, which has a response in its place behind the earlier ones. A CONNECT is none, whatever its headers: Node.js emits
 * `connect` for it, or closes the connection.
 *
 * Node.js has no public way to this. Without the parser where it is expected, all goes as Node.js decides.
 *
 * @param {HttpSocket} socket One that Node.js has begun to read.
 */
function stopAtUpgrades(socket) {
  const { parser } = /** @type {any} */ (socket);
  if (typeof parser?.onIncoming !== "function") return;
  const { onIncoming } = parser;
  parser.onIncoming = (request, keepAlive) => {
    if (!request.upgrade || request.method === "CONNECT" || !isWebSocketUpgrade(request.headers)) return onIncoming(request, keepAlive);
    request.upgrade = isIdle(socket);
    if (!request.upgrade) return onIncoming(request, keepAlive);
    expectUpgrade(request.socket.server);
    return STOP;
  };
}

/**
 * From here to the `upgrade` that Node.js emits next there is a listener: Node.js 22 and later close the connection where there is none. It
 * emits that before any microtask; should something keep it from that, requests of others must not be taken for what has a listener.
 */
function expectUpgrade(server) {
  const { listenerCount } = EventEmitter.prototype;
  server.listenerCount = (event, ...rest) => (event === "upgrade" ? 1 : listenerCount.call(server, event, ...rest));
  queueMicrotask(() => delete server.listenerCount);
}

/** Whether an event brings a later request of a connection that is an upgrade to WebSocket. */
function isCryos(event, [request]) {
  return event !== "connect" && request.socket instanceof HttpSocket && isWebSocketUpgrade(request.headers);
}

/**
 * Gives a connection back to Cryo, with the upgrade that came and what is behind it; or refuses the upgrade, where earlier
 * requests are still to be answered.
 *
 * @param {string} event
 * @param {any[]} args Those of that event.
 * @returns {true} As `emit` does.
 */
function serveUpgrade(event, [request, other, behind]) {
  const { socket } = request;
  const head = headOf(request);
  if (event === "upgrade") {
    delete socket.server.listenerCount;
    socket.giveBack(head, behind);
  } else if (isIdle(socket, other)) socket.giveBack(head);
  else refuse(request, other, 503, "Earlier requests of this connection are not answered yet. Try again on another one.");
  return true;
}

/** Whether all earlier requests of a connection are answered; its response in turn may be that of the request at hand. */
function isIdle(socket, response = null) {
  return !socket.destroyed && socket.writableLength === 0 && (socket._httpMessage ?? response) === response;
}

/**
 * @param {import("node:http").IncomingHttpHeaders} headers
 * @returns {boolean} As src/net/handshake/upgrade.rs decides it.
 */
function isWebSocketUpgrade({ connection = "", upgrade = "" }) {
  return WITH_WEBSOCKET.test(upgrade) && WITH_UPGRADE.test(connection);
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
 * Answers a request that is no upgrade where nobody answers requests.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @returns {true}
 */
function requireUpgrade(request, response) {
  refuse(request, response, 426, "This server speaks WebSocket only.", { Upgrade: "websocket" });
  return true;
}

/** Refuses a request as Rust refuses the first of a connection, which is closed then. */
function refuse({ socket: { remoteAddress, remotePort } }, response, status, reason, headers = {}) {
  const peer = remoteAddress === undefined ? "local" : `${remoteAddress}:${remotePort}`;
  const words = `Upgrade request for ${peer} was refused. ${reason}`;
  const body = `<html><body><h1>${status} ${STATUS_CODES[status]}</h1><p>${words}</p></body></html>`;
  response.writeHead(status, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    ...headers,
    // Who sends Upgrade has to name it here as well.
    Connection: ["close", ...Object.keys(headers)].join(", "),
  });
  response.end(body);
}

module.exports = { isCryos, requireUpgrade, serveUpgrade, stopAtUpgrades };
