"use strict";

// ConnectPeer over wss: whom a process trusts is decided by the environment it started with, so each test has its own.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const tls = require("node:tls");
const { describe, test } = require("node:test");

const certificate = require("../support/certs");
const { spawnApp } = require("../support/process");
const { Harness } = require("../support/server");
const { event, within } = require("../support/wait");

const CERTIFICATES = path.join(__dirname, "..", "support", "certs");
const CERTIFICATE = path.join(CERTIFICATES, "cert.pem");
const { key, cert } = certificate;

/** An application in an environment of its own that connects to each URL in turn and tells how that went. */
function connector(t, environment, urls) {
  const connect = async ({ cryo, send, argument: urls }) => {
    // Any name leads to the server under test.
    require("node:dns").promises.lookup = async () => [{ address: "127.0.0.1", family: 4 }];
    const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0 });
    await new Promise((resolve) => server.once("listening", resolve));
    for (const url of urls) {
      try {
        const peer = await server.ConnectPeer(url, "tok");
        const echo = new Promise((resolve) => peer.once("message-utf8", resolve));
        await peer.SendUTF8("x".repeat(100_000));
        send({ echoed: (await echo).length });
      } catch ({ code, message }) {
        send({ code, message });
      }
    }
    await server.Destroy();
  };
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    return spawnApp(t, connect, urls);
  } finally {
    for (const name of Object.keys(environment)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

/** A server over TLS that echoes, and its port. */
async function echo(t, ssl = { key, cert }) {
  const { server, port } = await Harness.start(t, { ssl });
  server.on("session", (session) => session.on("message-utf8", (text) => session.SendUTF8(text)));
  return port;
}

/** How connecting to `urls` in such an environment went, and how the process ended. */
async function outcomes(t, environment, urls) {
  const app = connector(t, environment, urls);
  const results = [];
  for (const url of urls) results.push(await app.next(url));
  const { code, stderr } = await app.exit();
  assert.equal(code, 0, stderr);
  return { results, stderr };
}

describe("a certificate", () => {
  test("that NODE_EXTRA_CA_CERTS names is trusted, by name and by address", async (t) => {
    const port = await echo(t);
    const urls = [`wss://localhost:${port}`, `wss://127.0.0.1:${port}`, `https://localhost:${port}/path`];
    const { results, stderr } = await outcomes(t, { NODE_EXTRA_CA_CERTS: CERTIFICATE }, urls);
    assert.deepEqual(results, [{ echoed: 100_000 }, { echoed: 100_000 }, { echoed: 100_000 }]);
    assert.equal(stderr, "");
  });

  test("that Node.js lists among its own is trusted", async (t) => {
    const port = await echo(t);
    const app = spawnApp(
      t,
      async ({ cryo, send, argument: { url, cert } }) => {
        // As Node.js has it from 22.15 on.
        require("node:tls").getCACertificates = (type) => (type === "default" ? [cert] : []);
        const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0 });
        const peer = await server.ConnectPeer(url, "tok");
        send(peer.Get("__TYPE"));
        await server.Destroy();
      },
      { url: `wss://localhost:${port}`, cert: cert.toString() },
    );
    assert.equal(await app.next("the session"), "peer");
    assert.equal((await app.exit()).code, 0);
  });

  test("of another name is not trusted", async (t) => {
    const port = await echo(t);
    const { results } = await outcomes(t, { NODE_EXTRA_CA_CERTS: CERTIFICATE }, [`wss://elsewhere.test:${port}`]);
    assert.equal(results[0].code, "ERR_CRYO_PEER_TLS");
    assert.match(results[0].message, /not valid for name/i);
  });

  test("of an unknown authority is not trusted", async (t) => {
    const port = await echo(t);
    const { results } = await outcomes(t, {}, [`wss://localhost:${port}`]);
    assert.equal(results[0].code, "ERR_CRYO_PEER_TLS");
    assert.match(results[0].message, /UnknownIssuer.*NODE_EXTRA_CA_CERTS/);
  });

  test("is not checked with NODE_TLS_REJECT_UNAUTHORIZED=0, about which there is one warning", async (t) => {
    const port = await echo(t);
    const urls = [`wss://localhost:${port}`, `wss://elsewhere.test:${port}`];
    const { results, stderr } = await outcomes(t, { NODE_TLS_REJECT_UNAUTHORIZED: "0" }, urls);
    assert.deepEqual(results, [{ echoed: 100_000 }, { echoed: 100_000 }]);
    assert.equal(stderr.match(/NODE_TLS_REJECT_UNAUTHORIZED/g)?.length, 1, stderr);
  });
});

describe("a self-signed certificate that is marked as an authority's", () => {
  // As OpenSSL makes them where it is not told otherwise, and as Node.js trusts them:
  // openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout authority-key.pem \
  //   -out authority-cert.pem -days 36500 -subj /CN=localhost -addext subjectAltName=DNS:localhost
  const AUTHORITY = path.join(CERTIFICATES, "authority-cert.pem");
  const ssl = { key: fs.readFileSync(path.join(CERTIFICATES, "authority-key.pem")), cert: fs.readFileSync(AUTHORITY) };

  test("is trusted for its names where NODE_EXTRA_CA_CERTS names it, and nowhere else", async (t) => {
    const port = await echo(t, ssl);
    const urls = [`wss://localhost:${port}`, `wss://127.0.0.1:${port}`];
    const known = await outcomes(t, { NODE_EXTRA_CA_CERTS: AUTHORITY }, urls);
    assert.deepEqual(known.results[0], { echoed: 100_000 });
    assert.equal(known.results[1].code, "ERR_CRYO_PEER_TLS");
    const unknown = await outcomes(t, { NODE_EXTRA_CA_CERTS: CERTIFICATE }, urls.slice(0, 1));
    assert.equal(unknown.results[0].code, "ERR_CRYO_PEER_TLS");
  });
});

describe("where one of the two has no TLS", () => {
  test("wss: to a server without TLS fails, and no certificate is blamed", async (t) => {
    const [here, there] = await Promise.all([Harness.start(t), Harness.start(t)]);
    await assert.rejects(here.server.ConnectPeer(`wss://127.0.0.1:${there.port}`, "tok"), ({ code, message }) => {
      assert.equal(code, "ERR_CRYO_PEER_TLS");
      assert.doesNotMatch(message, /UnknownIssuer|NODE_EXTRA_CA_CERTS/);
      return true;
    });
  });

  test("a server with TLS connects to one without", async (t) => {
    const [plain, secure] = await Promise.all([Harness.start(t), Harness.start(t, { ssl: { key, cert } })]);
    const peer = await secure.server.ConnectPeer(`ws://127.0.0.1:${plain.port}`, "tok");
    await event(peer, "connected");
    await within(peer.Close(), "Close()");
  });
});

// From Node.js 22.19 on.
test("tls.setDefaultCACertificates() says what is trusted, for each connection anew", { skip: tls.setDefaultCACertificates === undefined }, async (t) => {
  const port = await echo(t);
  const app = spawnApp(
    t,
    async ({ cryo, send, argument: { url, cert } }) => {
      const tls = require("node:tls");
      const servers = [0, 0].map(() => cryo({ validate: () => true }, { host: "127.0.0.1", port: 0 }));
      const own = tls.getCACertificates("default");
      for (const list of [own, [...own, cert], own, [], [cert]]) {
        tls.setDefaultCACertificates(list);
        for (const server of servers) {
          const outcome = server.ConnectPeer(url, "tok").then((peer) => peer.Get("__TYPE"), ({ code }) => code);
          send(await outcome);
        }
      }
      await Promise.all(servers.map((server) => server.Destroy()));
      process.disconnect();
    },
    { url: `wss://localhost:${port}`, cert: cert.toString() },
  );
  const outcomes = [];
  for (let i = 0; i < 10; i++) outcomes.push(await app.next("an outcome"));
  const refused = "ERR_CRYO_PEER_TLS";
  assert.deepEqual(outcomes, [refused, "peer", refused, refused, "peer"].flatMap((outcome) => [outcome, outcome]));
  assert.equal((await app.exit()).code, 0);
});
