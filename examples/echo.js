"use strict";

// Echo: every message goes back to who sent it.
// Run:  node examples/echo.js
// Try:  node examples/demo/client.js ws://localhost:8080 secret "Hello!"

const { cryo } = require(".."); // in an application: require("cryo-server")

const { PORT = 8080, TOKEN = "secret" } = process.env;

const server = cryo({ validate: async (token) => token === TOKEN }, { port: PORT });

server.on("session", (session) => {
  session.on("message-utf8", (text) => session.SendUTF8(text));
  session.on("message-binary", (data) => session.SendBinary(data));
});

server.on("listening", () => console.log(`Listening on ws://localhost:${server.http_server.address().port}`));
