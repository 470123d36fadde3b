"use strict";

// The client's address behind proxies, as the proxies that are trusted report it.

const { BlockList, isIP } = require("node:net");

/** Bits before an IPv4 address in the form of IPv6. */
const MAPPED_PREFIX = 96;

/**
 * @typedef {object} Hop
 * @property {string | undefined} address
 * @property {number | undefined} port
 */

/** @typedef {(address: string | undefined) => boolean} Trust */

/**
 * Whose word is taken.
 *
 * @param {boolean | readonly string[]} trustProxy The option. `true` trusts everybody; a list does not trust connections over
 *   a Unix domain socket, which have no address.
 * @returns {Trust | null} Null where nobody is trusted.
 */
function makeTrust(trustProxy) {
  if (trustProxy === false) return null;
  if (trustProxy === true) return () => true;
  const ranges = new BlockList();
  for (const range of trustProxy) {
    const [network, prefix] = range.split("/");
    const address = canonical(network);
    const mapped = address !== network;
    if (prefix === undefined) ranges.addAddress(address, family(address));
    else ranges.addSubnet(address, Number(prefix) - (mapped ? MAPPED_PREFIX : 0), family(address));
  }
  return (address) => address !== undefined && ranges.check(address, family(address));
}

/**
 * The client: the first one, from the server outwards, that is no trusted proxy, or the last one that is known.
 *
 * `X-Forwarded-For` counts, and `Forwarded` (RFC 7239) where there is none. A proxy has to remove, or append to, whichever
 * of the two it does not set itself: what clients write there is believed like its own.
 *
 * @param {Hop} peer The other end of the socket.
 * @param {Record<string, string | undefined>} headers
 * @param {Trust} trusts
 * @returns {Hop}
 */
function clientOf(peer, headers, trusts) {
  let client = { address: peer.address === undefined ? undefined : canonical(peer.address), port: peer.port };
  const chain = headers["x-forwarded-for"]?.split(",") ?? forwardedFor(headers.forwarded ?? "");
  while (chain.length > 0 && trusts(client.address)) {
    const hop = parseHop(chain.pop());
    // An obfuscated or unknown address: nothing behind it can be told.
    if (hop === null) break;
    client = hop;
  }
  return client;
}

/** The `for` parameters of a `Forwarded` header, in order; an element without one is an unknown address. */
function forwardedFor(header) {
  return elementsOf(header).map((element) => {
    const [, quoted, token] = /(?:^|;)\s*for=(?:"([^"]*)"|([^;\s]*))/i.exec(element) ?? [];
    return quoted ?? token ?? "unknown";
  });
}

/**
 * The elements of a list whose commas may be quoted (RFC 9110 section 5.6.1). Not by a regular expression, which would try each open quote to the
 * end.
 */
function elementsOf(list) {
  const elements = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < list.length; at++) {
    if (quoted && list[at] === "\\") at++;
    else if (list[at] === '"') quoted = !quoted;
    else if (list[at] === "," && !quoted) {
      elements.push(list.slice(start, at));
      start = at + 1;
    }
  }
  elements.push(list.slice(start));
  return elements.filter((element) => element.trim() !== "");
}

/**
 * @param {string} text An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
 * @returns {Hop | null} Null for anything else.
 */
function parseHop(text) {
  const trimmed = text.trim();
  if (isIP(trimmed)) return { address: canonical(trimmed), port: undefined };
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(trimmed) ?? [];
  const address = six ?? four;
  if (address === undefined || !isIP(address)) return null;
  return { address: canonical(address), port: port === undefined ? undefined : Number(port) };
}

/** IPv4 addresses in the form of IPv6 as plain IPv4, so that a client has one name. */
function canonical(address) {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function family(address) {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}

module.exports = { MAPPED_PREFIX, canonical, clientOf, makeTrust };
