"use strict";

// The demo that `npm start` runs. On one port it serves a page (a chat, files there and back, live figures) and the Cryo
// sessions: those of the page come to /chat, all others have their messages sent back.

const { randomBytes } = require("node:crypto");

const { cryo } = require("../..");
const { Chat } = require("./chat.js");
const { echo } = require("./echo.js");
const { servePage } = require("./pages.js");

const port = process.env.PORT ?? 8080;
const token = process.env.TOKEN ?? randomBytes(9).toString("base64url");

// Queues far smaller than the default's, so that a slow reader shows within seconds. Who comes back after a lost connection
// takes the place of its former session, should the server not have noticed the loss yet.
const server = cryo(
  { validate: async (offered) => offered === token },
  { port, backpressure: "optimize_latency", onDuplicateSid: "replace", undelivered: "reject" },
);
const chat = new Chat();

server.http_server.on("request", servePage);

server.on("listening", () => {
  const { port: bound } = server.http_server.address();
  console.log(`Listening on ws://localhost:${bound}/ and on every other address of this machine.

Page:     http://localhost:${bound}/#${token}
Token:    ${token}
Connect:  node examples/demo/client.js ws://localhost:${bound} ${token} "Hello!"
          or any Cryo client with that address and token.
Stop:     Ctrl+C`);
});

server.on("session", (session) => {
  console.log(`${session.id} came`);
  session.on("closed", () => console.log(`${session.id} left`));
  const { pathname, searchParams } = new URL(session.request.url, "http://localhost");
  if (pathname === "/chat") chat.join(session, searchParams.get("name") ?? "anonymous");
  else echo(session);
});

server.on("error", (error, session, where) => console.error(`${where} of ${session?.id}:`, error));

server.http_server.on("error", (error) => {
  console.error(`${error.message}. Another port: PORT=8081 npm start`);
  process.exitCode = 1;
});

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.Destroy());
