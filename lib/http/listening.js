"use strict";

// What `http_server` says where it can't listen: it listens once, where Rust does.

const { getSystemErrorMap } = require("node:util");

const { CryoError, codes } = require("../errors.js");

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
  const errors = getSystemErrorMap();
  // By number, unless there is none, or it is one of Windows, whose numbers Node.js has replaced by its own.
  const [code, reason] = errors.get(-errno) ?? [...errors.values()].find(([name]) => name === error) ?? [error, "listen failed"];
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

/** For a second call of `listen()`, by the code that Node.js has for it. */
function alreadyListening() {
  const words = "http_server listens already, where cryo() was told to. Leave the call out, or make another server with cryo().";
  return Object.assign(new Error(words), { code: "ERR_SERVER_ALREADY_LISTEN" });
}

/** For a call of `listen()` that comes too late. */
function notListening() {
  const words = "http_server can't listen again: its server is ending, or could not listen. Make another one with cryo().";
  return new CryoError(codes.SERVER_CLOSED, words);
}

module.exports = { alreadyListening, listenError, notListening };
