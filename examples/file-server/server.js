"use strict";

// A file server. Who sends the name of a file gets it as a stream: pushed, or offered to be fetched in ranges, as the
// client has asked for. One file at a time.
// Run:  node examples/file-server/server.js [folder]
// Try:  node examples/file-server/client.mjs ws://localhost:8080 secret server.js

const fs = require("node:fs");
const path = require("node:path");

const { cryo } = require("../.."); // in an application: require("cryo-server")

const { PORT = 8080, TOKEN = "secret" } = process.env;
const folder = process.argv[2] ?? __dirname;

const server = cryo({ validate: async (token) => token === TOKEN }, { port: PORT });

server.on("session", (session) => {
  // One at a time: a client may ask for thousands, and each takes a descriptor until the client has taken it.
  let isBusy = false;
  session.on("message-utf8", async (name) => {
    if (isBusy) return session.SendError("One file at a time: the one before is not through yet.");
    isBusy = true;
    try {
      await send(session, name);
    } finally {
      isBusy = false;
    }
  });
});

async function send(session, name) {
  // Only what stands in the folder: a path out of it is no name of an entry.
  const entries = await fs.promises.readdir(folder, { withFileTypes: true });
  const isFile = entries.some((entry) => entry.name === name && entry.isFile());
  if (isFile) await session.Stream(fs.createReadStream(path.join(folder, name)), name);
  else session.SendError(`There is no file '${name}'.`);
}

server.on("listening", () => console.log(`Listening on ws://localhost:${server.http_server.address().port}`));
