"use strict";

// Who may come in: the request's origin first, then the token. Whatever fails on the way keeps the client out.

const { report } = require("./report.js");

/** Answers to a handshake's question, as src/bridge/orders.rs knows them. */
const ANSWER = Object.freeze({ NO: 0, YES: 1, FAILED: 2, ORIGIN_REFUSED: 3 });

/** @typedef {import("./request.js").UpgradeRequest} UpgradeRequest */

class Admission {
  #server;
  #validator;
  /** @type {((origin: string | undefined, request: UpgradeRequest) => unknown) | null} */
  #allows;

  /**
   * @param {import("node:events").EventEmitter} server Where errors are reported.
   * @param {{ validate(token: string, request: UpgradeRequest): Promise<boolean> | boolean }} validator
   * @param {readonly string[] | ((origin: string | undefined, request: UpgradeRequest) => unknown)} [verifyOrigin]
   */
  constructor(server, validator, verifyOrigin) {
    this.#server = server;
    this.#validator = validator;
    this.#allows = verifyOrigin === undefined ? null : typeof verifyOrigin === "function" ? verifyOrigin : listed(verifyOrigin);
  }

  /**
   * @param {string} token
   * @param {UpgradeRequest} request
   * @returns {Promise<number>} One of {@link ANSWER}.
   */
  async judge(token, request) {
    let asked = "verifyOrigin";
    try {
      if (this.#allows !== null && !(await this.#allows(request.headers.origin, request))) return ANSWER.ORIGIN_REFUSED;
      asked = "validator";
      return (await this.#validator.validate(token, request)) ? ANSWER.YES : ANSWER.NO;
    } catch (error) {
      report(this.#server, error, null, asked);
      return ANSWER.FAILED;
    }
  }
}

/**
 * A check against a list. Browsers send an origin in lower case, without a path and without the scheme's own port (RFC 6454,
 * 6.2). Who sends none is no browser, and no check of the origin could keep it out: it could send any.
 *
 * @param {readonly string[]} origins
 * @returns {(origin: string | undefined) => boolean}
 */
function listed(origins) {
  const known = new Set(origins.map((origin) => origin.toLowerCase()));
  return (origin) => origin === undefined || known.has(origin.toLowerCase());
}

module.exports = { ANSWER, Admission };
