"use strict";

// UpdateTLS(): another certificate without a restart. fixtures/renewed holds one that was made as support/certs describes.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { describe, test } = require("node:test");

const certificate = require("../support/certs");
const { Harness } = require("../support/server");
const { event } = require("../support/wait");

const read = (name) => fs.readFileSync(path.join(__dirname, "..", "fixtures", "renewed", name));
const renewed = { key: read("key.pem"), cert: read("cert.pem") };

/** The name on the certificate that a new connection sees. */
async function nameSeen(harness) {
  const client = await harness.open({ tls: { rejectUnauthorized: false } });
  const { CN } = client.socket.getPeerCertificate().subject;
  client.destroy();
  return CN;
}

async function works({ client, session }) {
  const message = event(session, "message-utf8");
  client.send("UTF8DATA", { payload: "still here" });
  assert.deepEqual(await message, ["still here"]);
}

describe("UpdateTLS()", () => {
  test("shows new connections the new certificate, and open ones go on", async (t) => {
    const harness = await Harness.start(t, { ssl: certificate });
    const before = await harness.join();
    assert.equal(await nameSeen(harness), "localhost");
    harness.server.UpdateTLS(renewed);
    assert.equal(await nameSeen(harness), "renewed");
    await works(before);
    await works(await harness.join({ tls: { ca: renewed.cert } }));
  });

  test("takes strings", async (t) => {
    const harness = await Harness.start(t, { ssl: certificate });
    harness.server.UpdateTLS({ key: renewed.key.toString(), cert: renewed.cert.toString() });
    assert.equal(await nameSeen(harness), "renewed");
  });

  const rows = {
    "a key that is not PEM": { ...renewed, key: "no PEM" },
    "a certificate that is not PEM": { ...renewed, cert: "no PEM" },
    "a key of another certificate": { ...renewed, key: certificate.key },
    "no key": { cert: renewed.cert },
    "a setting that there is not": { ...renewed, minVersion: "TLSv1.3" },
    nothing: undefined,
  };
  for (const [title, ssl] of Object.entries(rows)) {
    test(`keeps the old certificate when given ${title}`, async (t) => {
      const harness = await Harness.start(t, { ssl: certificate });
      assert.throws(() => harness.server.UpdateTLS(ssl), { name: "TypeError", code: "ERR_CRYO_INVALID_OPTION" });
      await works(await harness.join());
    });
  }

  test("throws on a server without TLS", async (t) => {
    const harness = await Harness.start(t);
    assert.throws(() => harness.server.UpdateTLS(renewed), { name: "TypeError", code: "ERR_CRYO_INVALID_OPTION" });
    await works(await harness.join());
  });
});

describe("the methods of an https.Server on http_server", () => {
  test("setSecureContext() is UpdateTLS()", async (t) => {
    const harness = await Harness.start(t, { ssl: certificate });
    const { http_server: https } = harness.server;
    assert.throws(() => https.setSecureContext({ ...renewed, requestCert: true }), { code: "ERR_CRYO_INVALID_OPTION" });
    assert.equal(await nameSeen(harness), "localhost");
    https.setSecureContext(renewed);
    assert.equal(await nameSeen(harness), "renewed");
  });

  for (const [method, ...args] of [["addContext", "other", renewed], ["getTicketKeys"], ["setTicketKeys", Buffer.alloc(48)]]) {
    test(`${method}() throws`, async (t) => {
      const harness = await Harness.start(t, { ssl: certificate });
      const { http_server: https } = harness.server;
      const message = new RegExp(`^http_server\\.${method}\\(\\) `);
      assert.throws(() => https[method](...args), { name: "CryoError", code: "ERR_CRYO_UNSUPPORTED", message });
    });
  }
});
