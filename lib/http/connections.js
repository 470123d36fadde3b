"use strict";

// What `http_server` says of the connections of Rust's listener: Node.js knows those that it serves, and neither sessions nor what has not sent a
// whole request yet.

const { argumentTypeError } = require("../errors.js");
const { nextTick } = require("../timers.js");

/**
 * @typedef {object} Surroundings
 * @property {any} native The `NativeServer`.
 * @property {number} maxConnections The option.
 * @property {(callback: Function, where: string, ...args: any[]) => void} call Calls what the application wants to be called.
 */

/**
 * @param {import("node:http").Server | import("node:https").Server} server
 * @param {Surroundings} surroundings
 */
function mirrorConnections(server, { native, maxConnections, call }) {
  limit(server, native, maxConnections);
  server.getConnections = (callback) => {
    if (typeof callback !== "function") throw argumentTypeError("http_server.getConnections", callback, "a callback");
    nextTick(() => call(callback, "callback of getConnections", null, native.connections()));
    return server;
  };
  const { closeAllConnections } = server;
  server.closeAllConnections = () => {
    closeAllConnections.call(server);
    native.dismiss();
  };
}

/** `maxConnections` may be set at any time; the option of `cryo()` holds all the same. */
function limit(server, native, option) {
  let property;
  Object.defineProperty(server, "maxConnections", {
    get: () => property,
    set: (value) => {
      native.setMaxConnections(Math.min(option, atMost(value)));
      property = value;
    },
    enumerable: true,
    configurable: true,
  });
}

/** How many connections a value of `maxConnections` lets in: Node.js refuses one where that many or more are open, and takes any value. */
function atMost(value) {
  const most = value === null || value === undefined ? NaN : Number(value);
  return Number.isNaN(most) ? Infinity : Math.max(0, Math.ceil(most));
}

module.exports = { mirrorConnections };
