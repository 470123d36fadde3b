"use strict";

// The demo without a browser: what it serves over HTTP, and the client for the terminal.

const assert = require("node:assert/strict");
const { createHash, randomBytes } = require("node:crypto");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");
const { pathToFileURL } = require("node:url");

const { TOKEN, run, startExample } = require("../support/example");

const PAGE = path.join(__dirname, "../..", "examples", "demo", "page");

describe("the demo", () => {
  let demo;
  let origin;
  before(async () => {
    demo = await startExample("demo/server.js");
    origin = `http://localhost:${demo.port}`;
  });
  after(() => demo?.kill());

  test("says where the page is and how to connect", () => {
    assert.match(demo.output(), new RegExp(`Page: +${origin}/#${TOKEN}\n`));
    assert.match(demo.output(), new RegExp(`Token: +${TOKEN}\n`));
    assert.match(demo.output(), new RegExp(`node examples/demo/client.js ws://localhost:${demo.port} ${TOKEN}`));
  });

  test("serves the page and the browser client on the port of the sessions", async () => {
    const types = {
      "/": "text/html",
      "/style.css": "text/css",
      "/icon.svg": "image/svg+xml",
      "/main.mjs": "text/javascript",
      "/client/index.mjs": "text/javascript",
    };
    for (const [target, type] of Object.entries(types)) {
      const response = await fetch(origin + target);
      assert.equal(response.status, 200, target);
      assert.equal(response.headers.get("content-type"), `${type}; charset=utf-8`, target);
      assert.match(response.headers.get("content-security-policy"), /default-src 'self'/);
      assert.ok((await response.text()).length > 0, target);
    }
  });

  test("serves nothing else", async () => {
    for (const target of ["/server.js", "/../server.js", "/client/..%2f..%2fserver.js", "/page/"]) {
      assert.equal((await fetch(origin + target)).status, 404, target);
    }
  });

  test("sends back what the client for the terminal says", async () => {
    const client = run("demo/client.js", { args: [demo.url, TOKEN, "Grüße!"] });
    assert.equal(await client.exit(), 0);
    assert.equal(client.output(), "Grüße!\nClosed: 4000 done\n");
  });

  test("ends at SIGTERM", { skip: process.platform === "win32" && "there are no signals" }, async () => {
    assert.equal(await demo.stop(), 0);
  });
});

test("the page's own SHA-256 is that of Node.js", async () => {
  const { Sha256 } = await import(pathToFileURL(path.join(PAGE, "sha256.mjs")));
  const lengths = [...Array(130).keys(), 100_000];
  for (const length of lengths) {
    const bytes = randomBytes(length);
    const hash = new Sha256();
    hash.update(bytes.subarray(0, length / 3));
    hash.update(bytes.subarray(length / 3));
    assert.equal(Buffer.from(hash.digest()).toString("hex"), createHash("sha256").update(bytes).digest("hex"), `${length}`);
  }
});
