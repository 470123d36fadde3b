"use strict";

// A real browser for the demo: whichever Chromium the machine has, driven by playwright-core.

const fs = require("node:fs");

const CANDIDATES = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** A name of this machine that the browser, unlike `localhost`, takes for a foreign one. */
const FOREIGN_HOST = "cryo.test";

// Nothing but the page is to talk to anybody.
const FLAGS = [
  `--host-resolver-rules=MAP ${FOREIGN_HOST} 127.0.0.1`,
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const executablePath = CANDIDATES.find((file) => file && fs.existsSync(file));

/** Why tests in a browser can't run here; false where they can. For the option `skip` of node:test. */
const noChromium =
  executablePath === undefined && "no Chromium here: install it (apt-get install chromium) or set CHROMIUM_PATH";

/** @returns {Promise<import("playwright-core").Browser>} A browser with a profile of its own. */
function launch() {
  const { chromium } = require("playwright-core");
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

module.exports = { FOREIGN_HOST, launch, noChromium };
