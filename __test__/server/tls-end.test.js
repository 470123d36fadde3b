"use strict";

// The end of a TLS connection: a close_notify, by which the client knows that nothing is cut off (RFC 8446 section 6.1).

const assert = require("node:assert/strict");
const { once } = require("node:events");
const net = require("node:net");
const { describe, test } = require("node:test");

const certificate = require("../support/certs");
const { Client } = require("../support/client");
const { Harness } = require("../support/server");
const { event, until } = require("../support/wait");

/** The type of a TLS record that is an alert; in TLS 1.2 it can be seen from outside. */
const ALERT = 21;

/** The types of the records that a connection through the relay at `port` got from the server at `target`. */
async function relay(t, target) {
  const chunks = [];
  const server = net.createServer((client) => {
    const upstream = net.connect(target, "127.0.0.1");
    upstream.on("data", (chunk) => chunks.push(chunk));
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const types = () => {
    const found = [];
    const bytes = Buffer.concat(chunks);
    for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) found.push(bytes[at]);
    return found;
  };
  return { port: server.address().port, types };
}

describe("a TLS connection ends with a close_notify", () => {
  const ends = {
    "when the client closes": ({ client }) => client.close(),
    "when the server closes": ({ session }) => session.Close(),
    "when the client breaks WebSocket": ({ client }) => client.write(Buffer.alloc(64, 0xff)),
  };
  for (const [when, end] of Object.entries(ends)) {
    test(when, async (t) => {
      const { server } = await Harness.start(t, { ssl: certificate });
      const { port, types } = await relay(t, server.http_server.address().port);
      const connected = event(server, "session");
      const client = await Client.connect({ port, tls: { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } });
      t.after(() => client.destroy());
      const [session] = await connected;
      await client.announce();
      assert.ok(!types().includes(ALERT));
      const closed = event(session, "closed");
      end({ client, session });
      await until(() => types().at(-1) === ALERT, "the close_notify");
      await closed;
    });
  }
});
