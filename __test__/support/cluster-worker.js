"use strict";

// What a worker of node:cluster runs: servers as WORK says it, whose sessions answer each text with the worker's number. With `twice` there is
// another one on the same port beside the first, with `again` one after the first's end.

const cluster = require("node:cluster");

const { cryo } = require("../..");

const { port, twice, again } = JSON.parse(process.env.WORK);

function start() {
  const server = cryo({ validate: () => true }, { port, host: "127.0.0.1" });
  server.on("listening", () => process.send({ listening: cluster.worker.id, port: server.http_server.address().port }));
  server.http_server.on("error", ({ code }) => process.send({ failed: code }));
  server.on("session", (session) => session.on("message-utf8", () => session.SendUTF8(String(cluster.worker.id))));
  return server;
}

let server = start();
if (twice) server.on("listening", start);
if (again) {
  server.on("listening", async () => {
    await server.Destroy();
    server = start();
  });
}
process.on("message", () => server.Destroy().then(() => process.disconnect()));
