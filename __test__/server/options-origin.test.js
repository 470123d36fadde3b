"use strict";

// What `cryo()` takes as verifyOrigin, and how it refuses what would keep every browser out.

const assert = require("node:assert/strict");
const { describe, it } = require("node:test");

const { normalizeOptions } = require("../../lib/options/options.js");

const normalize = (verifyOrigin) => normalizeOptions({ validate: () => true }, { verifyOrigin }).verifyOrigin;

/** Asserts that this is refused by an error that names the option, and says what to write. */
function refuses(verifyOrigin, name, advice = "") {
  assert.throws(
    () => normalize(verifyOrigin),
    (error) =>
      error instanceof TypeError &&
      error.code === "ERR_CRYO_INVALID_OPTION" &&
      error.message.includes(`${name} takes `) &&
      error.message.includes(advice),
  );
}

describe("the origins of verifyOrigin", () => {
  it("are a function or a list", () => {
    const accept = () => true;
    assert.equal(normalize(accept), accept);
    assert.deepEqual(normalize(["https://example.com"]), ["https://example.com"]);
    refuses("https://example.com", "options.verifyOrigin");
    refuses([/example/], "options.verifyOrigin[0]");
  });

  const OF_APPLICATIONS = ["chrome-extension://abcd", "moz-extension://abcd", "app://.", "capacitor://localhost", "ionic://localhost"];

  it("are those that browsers can send", () => {
    const sent = ["https://Example.com", "http://localhost:3000", "http://[::1]:8080", "null", "file://", ...OF_APPLICATIONS];
    assert.deepEqual(normalize(sent), sent);
  });

  const other = {
    "https://example.com/": "here https://example.com",
    "https://example.com:443": "here https://example.com",
    "HTTP://Example.com:80/chat?x#y": "here http://example.com",
    "https://user@example.com": "here https://example.com",
    "https://bücher.example": "here https://xn--bcher-kva.example",
    "http://127.1": "here http://127.0.0.1",
    "app://host/page": "here app://host",
    "wss://example.com": "here https://example.com",
    "WSS://Example.com:443": "here https://example.com",
    "wss://example.com:8443/chat": "here https://example.com:8443",
    "ws://localhost:3000": "here http://localhost:3000",
    "ftp://example.com": "such as https://example.com",
    "example.com": "such as https://example.com",
    "localhost:3000": "such as https://example.com",
    "https://": "such as https://example.com",
    "*": "without wildcards",
    "https://*.example.com": "without wildcards",
  };
  for (const [origin, advice] of Object.entries(other)) {
    it(`are none that browsers never send: ${origin}`, () => {
      refuses(["https://example.net", origin], "options.verifyOrigin[1]", advice);
    });
  }

  it("are copied, so that a later change to the list changes nothing", () => {
    const origins = ["https://example.com"];
    const verifyOrigin = normalize(origins);
    origins.push("https://example.net");
    assert.deepEqual(verifyOrigin, ["https://example.com"]);
  });
});
