"use strict";

// Remote procedure calls over an extension.
// Run:  node examples/rpc/server.js
// Try:  node examples/rpc/client.mjs ws://localhost:8080 secret add 2 3

const { cryo } = require("../.."); // in an application: require("cryo-server")
const { Rpc } = require("./rpc.js");

const { PORT = 8080, TOKEN = "secret" } = process.env;

const server = cryo({ validate: async (token) => token === TOKEN }, { port: PORT });

server.RegisterExtension(
  new Rpc({
    add: (a, b) => a + b,
    uptime: () => process.uptime(),
    later: (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value)),
    divide(a, b) {
      if (b === 0) throw new RangeError("Division by zero.");
      return a / b;
    },
  }),
);

server.on("session", (session) => {
  session.on("message-utf8", (text) => console.log(`No call: ${text}`));
});

server.on("listening", () => console.log(`Listening on ws://localhost:${server.http_server.address().port}`));
