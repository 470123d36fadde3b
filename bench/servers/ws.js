"use strict";

// npm's ws: a plain WebSocket server that acknowledges nothing.

const { createServer } = require("node:http");
const https = require("node:https");
const { WebSocketServer } = require("ws");

const { HOST, listening } = require("./control.js");
const { serverOptions } = require("./options.js");

/** A Cryo frame's header, which the echoed messages have as well. */
const HEADER = 13;

const options = serverOptions();
const payload = Buffer.alloc(HEADER + options.size, ".");
const http = options.ssl === undefined ? createServer() : https.createServer(options.ssl);
const server = new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: 16 * 1024 * 1024 + HEADER });

server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => {
    if (options.work === "push") {
      for (const client of server.clients) client.send(payload);
    } else {
      socket.send(isBinary ? data : data.toString());
    }
  });
  socket.on("pong", () => {
    socket.isAlive = true;
  });
});

if (options.heartbeat > 0) {
  // The loop that ws's own documentation recommends.
  setInterval(() => {
    for (const socket of server.clients) {
      if (socket.isAlive === false) socket.terminate();
      socket.isAlive = false;
      socket.ping();
    }
  }, options.heartbeat);
}

http.listen(0, HOST, () => listening(http.address().port));
