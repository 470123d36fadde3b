"use strict";

// A server in several processes on one port (Linux): the system gives every new connection to one of them, and a worker
// that dies is replaced. Each answers with the number of its process.
// Run:  node examples/cluster.js
// Try:  node examples/demo/client.js ws://localhost:8080 secret "Hello!"

const cluster = require("node:cluster");

const { cryo } = require(".."); // in an application: require("cryo-server")

const { PORT = 8080, TOKEN = "secret", WORKERS = 2 } = process.env;

if (cluster.isPrimary) primary();
else worker();

function primary() {
  let port = PORT;
  let ready = 0;
  cluster.on("exit", ({ process: { pid } }) => {
    console.log(`Worker ${pid} is gone`);
    cluster.fork({ PORT: port });
  });
  cluster.on("message", ({ process: { pid } }, bound) => {
    console.log(`Worker ${pid} listens`);
    ready++;
    if (ready === 1) {
      // Only now is the port known, if any free one was asked for.
      port = bound;
      for (let count = 1; count < WORKERS; count++) cluster.fork({ PORT: port });
    }
    if (ready === Number(WORKERS)) console.log(`Listening on ws://localhost:${port} with ${ready} workers`);
  });
  cluster.fork();
}

function worker() {
  const server = cryo({ validate: async (token) => token === TOKEN }, { port: PORT });
  server.on("listening", () => process.send(server.http_server.address().port));
  server.on("session", (session) => {
    session.on("message-utf8", (text) => session.SendUTF8(`${process.pid}: ${text}`));
  });
}
