// Runs a snippet of the documentation: node stage.mjs <file>
//
// What a snippet uses without declaring it is there as a global. Its servers listen on free ports. When it has run, a client visits
// each server: it sends a text, bytes and a stream, and leaves. The exit code is 1 if the snippet failed, any of its callbacks did, or
// the client was not let in or not acknowledged. What the client got back goes to the standard output.

import { createRequire } from "node:module";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import WebSocket from "ws";

import { CryoClient } from "../../examples/client/index.mjs";

const require = createRequire(import.meta.url);
const certificates = fileURLToPath(new URL("certs/", import.meta.url));
const { deferred, within } = require("./wait.js");
const cryoServer = require("../../index.js");

const TOKEN = "secret";
const { cryo } = cryoServer;
const servers = [];

/** `cryo` as snippets get it. */
cryoServer.cryo = (validator, options = {}) => {
  const server = cryo(validator, { ...options, port: 0 });
  servers.push({ server, tls: options.ssl !== undefined });
  return server;
};

function fail(what, error) {
  console.error(`${what}:`, error);
  process.exitCode = 1;
}

process.on("warning", (warning) => {
  if (warning.code === "CRYO_APPLICATION_ERROR") fail("A callback failed", warning);
});

const validator = { validate: async (token) => token === TOKEN };
const certFile = path.join(certificates, "cert.pem");
const keyFile = path.join(certificates, "key.pem");
const app = (request, response) => response.end("hello");
const server = cryoServer.cryo(validator);
Object.assign(globalThis, { app, certFile, cryo: cryoServer.cryo, fs, keyFile, server, validator });

/** As browsers would, were the tests' certificate one that they trust. */
class TrustingWebSocket extends WebSocket {
  constructor(url) {
    super(url, { ca: fs.readFileSync(certFile) });
  }
}

/** A client's visit; resolves when the server knows that it is over. */
async function visit({ server, tls }) {
  server.on("error", (error, session, where) => fail(`'${where}' failed`, error));
  if (!server.http_server.listening) await within(once(server, "listening"), "listening");
  const { port } = server.http_server.address();
  const over = deferred();
  server.on("session", (session) => session.on("closed", over.resolve));
  const client = new CryoClient({ url: `${tls ? "wss" : "ws"}://localhost:${port}`, token: TOKEN, WebSocket: TrustingWebSocket });
  client.addEventListener("text", ({ detail }) => console.log(`text: ${detail}`));
  client.addEventListener("binary", ({ detail }) => console.log(`binary: ${detail}`));
  client.addEventListener("stream", async ({ detail }) => {
    console.log(`stream ${detail.name}: ${await new Response(detail.readable).text()}`);
  });
  await within(client.connect(), "a connection");
  await within(client.sendText("Hello!"), "the text's acknowledgement");
  await within(client.sendBinary(Buffer.from("Hello!")), "the bytes' acknowledgement");
  await within(client.sendStream([Buffer.from("Hello, "), Buffer.from("stream!")], { name: "upload" }), "the stream's acknowledgement");
  await within(client.ping(), "a pong"); // behind it are the answers to what was sent
  client.close();
  await within(over.promise, "the session's end");
}

try {
  await import(pathToFileURL(process.argv[2]));
  for (const each of servers) await visit(each);
} catch (error) {
  fail("The snippet failed", error);
}
await Promise.all(servers.map(({ server }) => within(server.Destroy(), "Destroy()")));
process.exit();
