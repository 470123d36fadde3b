"use strict";

// The demo that `npm start` runs: a server that sends every message back.

const { randomBytes } = require("node:crypto");

const { cryo } = require("../..");

const port = process.env.PORT ?? 8080;
const token = process.env.TOKEN ?? randomBytes(9).toString("base64url");

const server = cryo({ validate: async (offered) => offered === token }, { port });

server.on("listening", () => {
  const { port: bound } = server.http_server.address();
  console.log(`Listening on ws://localhost:${bound}/ and on every other address of this machine.

Token:    ${token}
Connect:  node examples/demo/client.js ws://localhost:${bound} ${token} "Hello!"
          or any Cryo client with that address and token.
Stop:     Ctrl+C`);
});

server.on("session", (session) => {
  console.log(`${session.id} came`);
  session.on("message-utf8", (text) => {
    console.log(`${session.id} says: ${text}`);
    session.SendUTF8(text);
  });
  session.on("message-binary", (data) => {
    console.log(`${session.id} sends ${data.length} bytes`);
    session.SendBinary(data);
  });
  session.on("closed", () => console.log(`${session.id} left`));
});

server.http_server.on("error", (error) => {
  console.error(`${error.message}. Another port: PORT=8081 npm start`);
  process.exitCode = 1;
});

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.Destroy());
