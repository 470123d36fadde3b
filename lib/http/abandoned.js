"use strict";

// Requests whose listener has failed: nobody else would answer them.

const http = require("node:http");

/** What Node.js does about a rejected `request` listener. An https.Server does not have it, but needs the same. */
const answer = http.Server.prototype[Symbol.for("nodejs.rejection")];

/**
 * Answers with 500, or cuts the answer off that was begun.
 *
 * @param {unknown} error
 * @param {http.IncomingMessage} request
 * @param {http.ServerResponse} response
 */
function answerAbandoned(error, request, response) {
  // What was answered already goes out.
  if (!response.writableEnded && !response.destroyed) answer.call(http.Server.prototype, error, "request", request, response);
}

module.exports = { answerAbandoned };
