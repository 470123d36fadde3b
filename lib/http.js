"use strict";

// `server.http_server`: a real http.Server or https.Server that never listens itself, but says what Rust's listener does.

const http = require("node:http");
const https = require("node:https");
const { getSystemErrorMap } = require("node:util");

/**
 * @typedef {object} Listening What `NativeServer.listen()` returns.
 * @property {string} address
 * @property {string} [family]
 * @property {number} [port]
 * @property {string} [error]
 * @property {number} [errno]
 */

/**
 * @param {boolean} secure
 * @param {Listening} listening
 * @param {() => Promise<void>} destroy Closes the Cryo server.
 * @returns {{ server: http.Server, closed: () => void }} `closed` is to be called when it no longer listens.
 */
function makeHttpServer(secure, listening, destroy) {
  const server = secure ? https.createServer() : http.createServer();
  let open = listening.error === undefined;
  const { address, family, port } = listening;
  Object.defineProperty(server, "listening", { get: () => open, configurable: true });
  server.address = () => {
    if (!open) return null;
    return family === undefined ? address : { address, family, port };
  };
  server.close = (callback) => {
    if (typeof callback === "function") server.once("close", callback);
    void destroy();
    return server;
  };
  return {
    server,
    closed() {
      open = false;
      server.emit("close");
    },
  };
}

/**
 * @param {Listening} listening One that failed.
 * @returns {Error} What Node's own server would emit.
 */
function listenError({ error: code, errno, address, port }) {
  const reason = [...getSystemErrorMap().values()].find(([name]) => name === code)?.[1] ?? "listen failed";
  const where = port === undefined ? address : `${address}:${port}`;
  return Object.assign(new Error(`listen ${code}: ${reason} ${where}`), {
    code,
    errno: errno === undefined ? undefined : -errno,
    syscall: "listen",
    address,
    port,
  });
}

module.exports = { listenError, makeHttpServer };
