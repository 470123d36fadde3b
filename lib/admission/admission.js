"use strict";

// Who may come in: the request's origin first, then the token. Whatever fails on the way keeps the client out.

const { ANSWER } = require("../bridge/codes.js");
const { makeTrust } = require("./forwarded.js");
const { report } = require("../report.js");
const { UpgradeRequest } = require("./request.js");

class Admission {
  #server;
  #validator;
  /** @type {((origin: string | undefined, request: UpgradeRequest) => unknown) | null} */
  #allows;
  #trust;
  /** Handshakes in progress, by number: token and request. */
  #handshakes = new Map();

  /**
   * @param {import("node:events").EventEmitter} server Where errors are reported.
   * @param {{ validate(token: string, request: UpgradeRequest): Promise<boolean> | boolean }} validator
   * @param {Readonly<Record<string, any>>} options As `normalizeOptions` returns them: `verifyOrigin` and `trustProxy`.
   */
  constructor(server, validator, { verifyOrigin, trustProxy }) {
    this.#server = server;
    this.#validator = validator;
    this.#allows = verifyOrigin === undefined ? null : typeof verifyOrigin === "function" ? verifyOrigin : listed(verifyOrigin);
    this.#trust = makeTrust(trustProxy);
  }

  /**
   * @param {number} number The handshake's.
   * @param {string} token
   * @param {string} text The request, as {@link UpgradeRequest} reads it.
   * @returns {Promise<number>} One of {@link ANSWER}.
   */
  async judge(number, token, text) {
    const request = new UpgradeRequest(text, this.#trust);
    this.#handshakes.set(number, { token, request });
    let asked = "verifyOrigin";
    try {
      if (this.#allows !== null && !(await this.#allows(request.headers.origin, request))) return ANSWER.OriginRefused;
      asked = "validator";
      return (await this.#validator.validate(token, request)) ? ANSWER.Accept : ANSWER.Reject;
    } catch (error) {
      report(this.#server, error, null, asked);
      return ANSWER.Failed;
    }
  }

  /** @returns {{ token: string, request: UpgradeRequest }} What a handshake that became a session began with. */
  take(number) {
    const handshake = this.#handshakes.get(number);
    this.#handshakes.delete(number);
    return handshake;
  }

  /** A handshake is over without a session. */
  forget(number) {
    this.#handshakes.delete(number);
  }
}

/**
 * A check against a list. Browsers send an origin in lower case, without a path and without the scheme's own port (RFC 6454
 * section 6.2). Who sends none is no browser, and no check of the origin could keep it out: it could send any.
 *
 * @param {readonly string[]} origins
 * @returns {(origin: string | undefined) => boolean}
 */
function listed(origins) {
  const known = new Set(origins.map((origin) => origin.toLowerCase()));
  return (origin) => origin === undefined || known.has(origin.toLowerCase());
}

module.exports = { Admission };
