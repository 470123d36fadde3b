"use strict";

// The entries of a `verifyOrigin` that is a list: what no browser sends would keep everybody out.

const { optionTypeError } = require("../errors.js");
const { text } = require("./checks.js");

/**
 * An origin as browsers send it: a scheme and a host, and the port where it is not the scheme's own (RFC 6454 section 6.2); or `null`, which stands
 * for those that are not told. Upper case is left to the comparison.
 *
 * @type {import("./checks.js").Check}
 */
function origin(name, value) {
  const known = text(name, value).toLowerCase();
  if (known === "null") return value;
  if (known.includes("*")) {
    throw optionTypeError(name, value, "an origin without wildcards (verifyOrigin may be a function; left out, any origin may connect)");
  }
  const sent = asSent(value);
  if (sent === null) throw optionTypeError(name, value, "an origin as browsers send it, such as https://example.com or http://localhost:3000");
  if (sent !== known) throw optionTypeError(name, value, `an origin as browsers send it, here ${sent}`);
  return value;
}

/** How a page was loaded that connects to URLs of these schemes. */
const PAGES = { "ws:": "http:", "wss:": "https:" };

/** What a browser sends from a page with this URL, or one that was loaded from where this connects to; null where there is none. */
function asSent(text) {
  if (!text.includes("://") || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol === "ftp:") return null;
  url.protocol = PAGES[url.protocol] ?? url.protocol;
  // Those of extensions and applications, such as chrome-extension: and capacitor:, are told with the host although the standard has none for them.
  return url.origin === "null" ? `${url.protocol}//${url.host}`.toLowerCase() : url.origin;
}

module.exports = { origin };
