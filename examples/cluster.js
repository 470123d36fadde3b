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
  const listening = new Set();
  cluster.on("message", (worker, bound) => {
    console.log(`Worker ${worker.process.pid} listens`);
    port = bound; // known by the first one only now, if any free port was asked for
    if (listening.size === 0) for (let count = 1; count < WORKERS; count++) cluster.fork({ PORT: port });
    listening.add(worker);
    if (listening.size === Number(WORKERS)) console.log(`Listening on ws://localhost:${port}`);
  });
  cluster.on("exit", (worker) => {
    console.log(`Worker ${worker.process.pid} is gone`);
    // One that never listened would fail again.
    if (listening.delete(worker)) cluster.fork({ PORT: port });
    else process.exitCode = 1;
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
