"use strict";

// The demo in a real browser.

const assert = require("node:assert/strict");
const { randomBytes } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");

const { breakable } = require("../support/breakable");
const { FOREIGN_HOST, launch, noChromium } = require("../support/chromium");
const { TOKEN, startExample } = require("../support/example");
const { temporaryFolder } = require("../support/folder");
const { sha256 } = require("../support/transactions");

const PATIENCE_MS = 60_000;

describe("the demo in a browser", { skip: noChromium }, () => {
  let demo;
  let browser;
  before(async () => {
    demo = await startExample("demo/server.js");
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await demo?.kill();
  });

  /** A tab with the page, and the errors it reports, which fail the test. */
  async function open(t, { port = demo.port, token = TOKEN, host = "localhost" } = {}) {
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    t.after(async () => {
      await context.close();
      assert.deepEqual(errors, []);
    });
    await page.goto(`http://${host}:${port}/#${token}`);
    return page;
  }

  async function signIn(t, name, options) {
    const page = await open(t, options);
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Connect" }).click();
    await connected(page);
    return page;
  }

  const connected = (page) => page.locator("#status[data-state=here]").waitFor();
  const shows = (page, text) => page.locator("#messages li", { hasText: text }).waitFor();
  async function say(page, text) {
    await page.getByLabel("Message").fill(text);
    await page.getByRole("button", { name: "Send" }).click();
  }

  test("a wrong token is refused, and said so", async (t) => {
    const page = await open(t, { token: "wrong" });
    await page.getByLabel("Name").fill("Mallory");
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("alert").filter({ hasText: "Is the token right?" }).waitFor();
    assert.equal(await page.locator("#room").isVisible(), false);
  });

  test("two tabs chat, and a third sees what was said", async (t) => {
    const ann = await signIn(t, "Ann");
    const bob = await signIn(t, "Bob");
    await say(ann, "Hello <b>Bob</b> ❄");
    await shows(bob, "Hello <b>Bob</b> ❄");
    await say(bob, "Hello Ann");
    await shows(ann, "Hello Ann");
    const eve = await signIn(t, "Eve");
    await shows(eve, "Hello <b>Bob</b> ❄");
    assert.match(await ann.locator("#sessions").innerText(), /Bob/);
  });

  test("the figures live", async (t) => {
    const page = await signIn(t, "Ann");
    await page.locator("#rtt", { hasText: / ms$/ }).waitFor();
    await page.locator("#traffic", { hasText: / B\/s$/ }).waitFor();
    await page.locator("#queue-chart .line[d*=L]").waitFor({ state: "attached" });
  });

  test("who asked to be hung up on comes back under the same session id", async (t) => {
    const page = await signIn(t, "Ann");
    const sid = await page.locator("#sid").innerText();
    await page.getByRole("button", { name: "Drop connection" }).click();
    await page.locator("#status[data-state=waiting]").waitFor();
    await connected(page);
    assert.equal(await page.locator("#sid").innerText(), sid);
    await say(page, "back again");
    await shows(page, "back again");
  });

  test("a connection that the network cut comes back, and what was missed is shown", async (t) => {
    const network = await breakable(demo.port);
    t.after(() => network.close());
    const page = await signIn(t, "Ann", { port: network.port });
    const other = await signIn(t, "Bob");
    network.cut();
    await say(other, "said meanwhile");
    await shows(page, "said meanwhile");
    await connected(page);
    await say(page, "the line was dead");
    await shows(other, "the line was dead");
  });

  test("a slow reader loses messages and nobody else waits", async (t) => {
    const page = await signIn(t, "Ann");
    await page.getByRole("button", { name: "Slow reader" }).click();
    const row = page.locator("#sessions tr", { hasText: "slow reader" });
    await row.locator("td:last-child", { hasText: /^[1-9]/ }).waitFor();
    await say(page, "and I go on");
    await shows(page, "and I go on");
    await page.locator("#trouble", { hasText: "caught up" }).waitFor();
  });

  /** Sends a file on its round trip and compares all checksums with Node's. */
  async function roundTrip(t, page, size) {
    const bytes = randomBytes(size);
    const file = path.join(temporaryFolder(t), "file.bin");
    fs.writeFileSync(file, bytes);
    await page.getByLabel("Choose a file").setInputFiles(file);
    await page.locator("#verdict[data-state=good], #verdict[data-state=bad]").waitFor();
    const sum = sha256(bytes);
    for (const where of ["sent", "server", "back"]) assert.equal(await page.locator(`#sum-${where}`).innerText(), sum, where);
    for (const bar of ["sent", "back"]) assert.equal(await page.locator(`#${bar}`).getAttribute("value"), "1", bar);
  }

  test("a file of 50 MB makes the round trip with equal checksums", async (t) => {
    const page = await signIn(t, "Ann");
    await roundTrip(t, page, 50_000_000);
    assert.match(await page.locator("#verdict").innerText(), /^Equal\. 47\.7 MiB/);
  });

  test("where the browser offers no WebCrypto, the page has its own checksum", async (t) => {
    const page = await signIn(t, "Ann", { host: FOREIGN_HOST });
    assert.equal(await page.evaluate("typeof crypto.subtle"), "undefined");
    await roundTrip(t, page, 1_000_003);
  });
});
