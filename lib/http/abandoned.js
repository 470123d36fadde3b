"use strict";

// Requests and connections whose listener has failed: nobody else would answer or close them.

const http = require("node:http");

/** What Node.js does about a rejected `request` listener. An https.Server does not have it, but needs the same. */
const answer = http.Server.prototype[Symbol.for("nodejs.rejection")];

/**
 * Does what the listener of an event of `http_server` has not done before it failed.
 *
 * @param {unknown} error
 * @param {string | symbol} event
 * @param {any[]} args Those of the event.
 */
function settleAbandoned(error, event, [request, other]) {
  if (other instanceof http.ServerResponse) return answerAbandoned(error, request, other);
  // Node.js reads this one, so that it can't be told whether the application goes on with it. No time-out applies to any of them.
  if (event === "clientError") close(other);
  else if ((event === "upgrade" || event === "connect") && !isServed(other)) close(other);
}

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

/** Whether somebody goes on with a socket: who does not read it can't know that its client has left. */
function isServed(socket) {
  return socket.listenerCount("data") > 0 || socket.listenerCount("readable") > 0;
}

/** Closes a socket, as soon as an answer that is complete is written. */
function close(socket) {
  if (socket.writableEnded && !socket.writableFinished) socket.once("finish", () => socket.destroy());
  else socket.destroy();
}

module.exports = { answerAbandoned, settleAbandoned };
