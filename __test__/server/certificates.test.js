"use strict";

// Which keys and certificates `ssl` takes, and what is said of those that it does not. fixtures/version-1 was made by
// openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -subj /CN=version-1 -out request.pem
// openssl x509 -req -in request.pem -signkey key.pem -days 36500 -out cert.pem

const assert = require("node:assert/strict");
const { generateKeyPairSync } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { describe, test } = require("node:test");

const { cryo } = require("../..");
const certificate = require("../support/certs");
const { Harness } = require("../support/server");

const read = (name) => fs.readFileSync(path.join(__dirname, "..", "fixtures", "version-1", name));
const versionOne = { key: read("key.pem"), cert: read("cert.pem") };
const start = (ssl) => cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0, ssl });

describe("ssl takes", () => {
  const mark = (bytes) => Buffer.concat([Buffer.from("\uFEFF"), bytes]);
  const rows = {
    "a certificate of X.509 version 1": versionOne,
    "PEM behind a byte order mark": { key: mark(certificate.key), cert: mark(certificate.cert) },
    "PEM with text around it": { ...certificate, cert: `Certificate:\n  of somebody\n${certificate.cert}the end\n` },
    "a chain": { ...certificate, cert: Buffer.concat([certificate.cert, versionOne.cert]) },
    "CRLF": { key: String(certificate.key).replaceAll("\n", "\r\n"), cert: String(certificate.cert).replaceAll("\n", "\r\n") },
  };
  for (const [what, ssl] of Object.entries(rows)) {
    test(what, async (t) => {
      const harness = await Harness.start(t, { ssl });
      const client = await harness.open({ tls: { rejectUnauthorized: false } });
      assert.equal(client.socket.getPeerCertificate().subject.CN, ssl === versionOne ? "version-1" : "localhost");
    });
  }
});

describe("ssl refuses, and says why:", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256", privateKeyEncoding: { type: "pkcs8", format: "pem" } });
  const encrypted = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" };
  const { privateKey: locked } = generateKeyPairSync("ec", { namedCurve: "P-256", privateKeyEncoding: encrypted });
  const rows = {
    "a key of another certificate": [{ ...certificate, key: privateKey }, /: ssl\.key is not the key of ssl\.cert\. It takes/],
    "a key of another certificate, of version 1": [{ ...versionOne, key: privateKey }, /: ssl\.key is not the key of ssl\.cert\. It takes/],
    "an encrypted key": [{ ...certificate, key: locked }, /: ssl\.key holds no readable, unencrypted PEM private key \(.+\)\. It takes/],
    "a certificate that is none": [{ ...certificate, cert: "none" }, /: ssl\.cert holds no readable PEM certificate \(no certificate found\)\. It takes/],
    "a certificate of rubbish": [
      { ...certificate, cert: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" },
      /: ssl\.key and ssl\.cert can't be used together \(.+\)\. It takes/,
    ],
  };
  for (const [what, [ssl, message]] of Object.entries(rows)) {
    test(what, () => {
      assert.throws(() => start(ssl), { name: "TypeError", code: "ERR_CRYO_INVALID_OPTION", message });
    });
  }

  test("nothing in a message tells anything of a private key", async (t) => {
    const key = String(certificate.key);
    const secret = key.split("\n")[1].slice(0, 8);
    const harness = await Harness.start(t);
    for (const fails of [
      () => start(key),
      () => start({ key, cert: 7 }),
      () => start([key]),
      () => harness.server.UpdateTLS({ key, cert: certificate.cert }),
    ]) {
      assert.throws(fails, ({ message }) => !message.includes(secret) && !message.includes("BEGIN"));
    }
  });
});
