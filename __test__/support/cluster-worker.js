"use strict";

// What a worker of node:cluster runs: servers as WORK says it, whose sessions answer each text with the worker's number. With `second`
// there is another one on the same port beside the first, at the same address or at its `host`, or of another copy of the package; with `again` one
// after the first's end. With `platform` it takes itself to be on that one, but for the addon.

const cluster = require("node:cluster");

const native = require("../../lib/bridge/native");

const { port, host = "127.0.0.1", second, again, platform } = JSON.parse(process.env.WORK);

if (platform) {
  const addon = native.loadNative();
  native.loadNative = () => addon;
  Object.defineProperty(process, "platform", { value: platform });
}

const { cryo } = require("../..");

function start(make = cryo, where = { port, host }) {
  const server = make({ validate: () => true }, where);
  server.on("listening", () => process.send({ listening: cluster.worker.id, port: server.http_server.address().port }));
  server.http_server.on("error", ({ code, message, cause }) => {
    process.send(cause ? { failed: code, message, cause: cause.code } : { failed: code });
  });
  server.on("session", (session) => session.on("message-utf8", () => session.SendUTF8(String(cluster.worker.id))));
  return server;
}

/** The package as another dependency of the application would bring it along. */
function anotherCopy() {
  for (const file of Object.keys(require.cache)) {
    if (!file.endsWith(".node")) delete require.cache[file];
  }
  return require("../..").cryo;
}

let server = start();
if (second) {
  server.on("listening", () => {
    const { address, port } = server.http_server.address();
    start(second.copy ? anotherCopy() : cryo, { port, host: second.host ?? address });
  });
}
if (again) {
  server.on("listening", async () => {
    await server.Destroy();
    server = start();
  });
}
process.on("message", () => server.Destroy().then(() => process.disconnect()));
