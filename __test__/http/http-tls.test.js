"use strict";

// What a request's socket tells of its TLS, compared to what a TLSSocket of node:https tells about the same client.

const assert = require("node:assert/strict");
const https = require("node:https");
const { describe, test } = require("node:test");
const tls = require("node:tls");

const certificate = require("../support/certs");
const { Harness } = require("../support/server");
const { event, within } = require("../support/wait");

const V1_2 = { maxVersion: "TLSv1.2" };
const V1_3 = { minVersion: "TLSv1.3" };

const CLIENTS = {
  "without a name and protocols": {},
  "with a name": { servername: "localhost" },
  "with protocols": { ALPNProtocols: ["h2", "http/1.1"] },
  "of TLS 1.2": { ...V1_2, ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" },
  "of TLS 1.2, with 256 bits": { ...V1_2, ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" },
  "of TLS 1.2, with ChaCha20": { ...V1_2, ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305" },
  "of TLS 1.3": { ...V1_3, ciphers: "TLS_AES_128_GCM_SHA256" },
  "of TLS 1.3, with 256 bits": { ...V1_3, ciphers: "TLS_AES_256_GCM_SHA384" },
  "of TLS 1.3, with ChaCha20": { ...V1_3, ciphers: "TLS_CHACHA20_POLY1305_SHA256" },
};

function told(socket) {
  const { servername, alpnProtocol, authorized, encrypted } = socket;
  return { servername, alpnProtocol, authorized, encrypted, protocol: socket.getProtocol(), cipher: socket.getCipher() };
}

/** What the socket of the next request tells while it is answered, and when it is closed. */
async function tells(server, options) {
  const telling = new Promise((resolve) => {
    server.once("request", ({ socket }, response) => {
      const during = told(socket);
      socket.once("close", () => resolve([during, told(socket)]));
      response.end();
    });
  });
  const client = tls.connect({ host: "127.0.0.1", port: server.address().port, ca: certificate.cert, checkServerIdentity: () => undefined, ...options });
  client.resume().write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const seen = await within(telling, "the request");
  client.destroy();
  return seen;
}

describe("a request's socket tells of TLS what a TLSSocket tells", () => {
  for (const [title, options] of Object.entries(CLIENTS)) {
    test(`about a client ${title}`, async (t) => {
      const { server } = await Harness.start(t, { ssl: certificate });
      const other = https.createServer(certificate).listen(0, "127.0.0.1");
      t.after(() => other.close());
      await event(other, "listening");
      assert.deepEqual(await tells(server.http_server, options), await tells(other, options));
    });
  }
});

test("a request's socket without TLS tells nothing of it", async (t) => {
  const harness = await Harness.start(t);
  const request = event(harness.server.http_server, "request");
  const client = await harness.open();
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [{ socket }, response] = await request;
  response.end();
  for (const name of ["servername", "alpnProtocol", "authorized", "encrypted", "getProtocol", "getCipher"]) assert.equal(socket[name], undefined, name);
});
