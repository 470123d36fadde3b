"use strict";

// What `http_server` says where it can't listen: it listens once, where Rust does. And where it is closed twice.

const { CryoError, codes } = require("../errors.js");
const { byName, byNumber } = require("../system-errors.js");

/**
 * @typedef {object} Listening What `NativeServer.listen()` returns.
 * @property {string} address
 * @property {string} [family]
 * @property {number} [port]
 * @property {string} [error] The code of the error, as far as Rust can tell.
 * @property {number} [errno] The system's number for it, from which Node.js tells the code.
 */

/**
 * @param {Listening} listening One that failed.
 * @returns {Error} What Node's own server would emit.
 */
function listenError({ error, errno, address, port }) {
  if (error === "ENOTFOUND") return notFound(address);
  // By number, unless there is none, or it is one of Windows, whose numbers Node.js has replaced by its own.
  const { code, reason } = byNumber(-errno) ?? byName(error) ?? { code: error, reason: "listen failed" };
  const where = port === undefined ? address : `${address}:${port}`;
  return Object.assign(new Error(`listen ${code}: ${reason} ${where}`), {
    code,
    errno: errno === undefined ? undefined : -errno,
    syscall: "listen",
    address,
    // As Node.js has it for a path.
    port: port ?? -1,
  });
}

/** As Node's resolver says that there is no such host. */
function notFound(hostname) {
  const { errno } = byName("EAI_NONAME");
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { errno, code: "ENOTFOUND", syscall: "getaddrinfo", hostname });
}

/** For a second call of `listen()`, by the code that Node.js has for it. */
function alreadyListening() {
  const words = "http_server already listens, on the address given to cryo(). Remove the call, or make another server with cryo().";
  return Object.assign(new Error(words), { code: "ERR_SERVER_ALREADY_LISTEN" });
}

/** For a call of `listen()` that comes too late. */
function notListening() {
  const words = "http_server can't listen again: its server is ending, or could not listen. Make another one with cryo().";
  return new CryoError(codes.SERVER_CLOSED, words);
}

/** For a second call of `close()`, as Node.js has it. */
function notRunning() {
  return Object.assign(new Error("Server is not running."), { code: "ERR_SERVER_NOT_RUNNING" });
}

module.exports = { alreadyListening, listenError, notListening, notRunning };
