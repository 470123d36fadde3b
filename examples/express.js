"use strict";

// Express and Cryo on one port: upgrades become sessions, everything else is Express's.
// Run:  node examples/express.js
// Try:  node examples/demo/client.js ws://localhost:8080 secret "Hello!"
//       curl http://localhost:8080/sessions
//       curl -X POST -H "Content-Type: text/plain" -d "Hello, all!" http://localhost:8080/announcements

const express = require("express");

const { cryo } = require(".."); // in an application: require("cryo-server")

const { PORT = 8080, TOKEN = "secret" } = process.env;

const server = cryo({ validate: async (token) => token === TOKEN }, { port: PORT });
const sessions = new Set();

server.on("session", (session) => {
  sessions.add(session);
  session.on("closed", () => sessions.delete(session));
  session.on("message-utf8", (text) => session.SendUTF8(text));
});

const app = express();

app.get("/sessions", (request, response) => {
  response.json([...sessions].map(({ id, rx, tx }) => ({ id: String(id), rx, tx })));
});

app.post("/announcements", express.text(), (request, response) => {
  for (const session of sessions) session.SendUTF8(request.body);
  response.status(202).json({ sessions: sessions.size });
});

server.http_server.on("request", app);

server.on("listening", () => console.log(`Listening on ws://localhost:${server.http_server.address().port}`));
