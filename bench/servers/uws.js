"use strict";

// uWebSockets.js: a plain WebSocket server that acknowledges nothing. `--module` says where it is.

const { HOST, listening } = require("./control.js");
const { serverOptions } = require("./options.js");

/** A Cryo frame's header, which the echoed messages have as well. */
const HEADER = 13;

const options = serverOptions();
const uWS = require(options.module ?? "uwebsockets");
const payload = Buffer.alloc(HEADER + options.size, ".");
const clients = new Set();
const app = options.ssl === undefined ? uWS.App() : uWS.SSLApp(certificate());

function certificate() {
  return { key_file_name: options.sslFiles.key, cert_file_name: options.sslFiles.cert };
}

app.ws("/*", {
  compression: uWS.DISABLED,
  maxPayloadLength: 16 * 1024 * 1024 + HEADER,
  maxBackpressure: 64 * 1024 * 1024,
  idleTimeout: 0,
  open: (socket) => void clients.add(socket),
  close: (socket) => void clients.delete(socket),
  message: (socket, message, isBinary) => {
    if (options.work === "push") {
      for (const client of clients) client.send(payload, true);
    } else {
      // As ws does it for its applications: a text message is a string.
      socket.send(isBinary ? message : Buffer.from(message).toString(), isBinary);
    }
  },
});

app.listen(HOST, 0, (listener) => {
  if (listener === false) throw new Error("can't listen");
  listening(uWS.us_socket_local_port(listener));
});
