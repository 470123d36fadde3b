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
  const forwarded = headers["x-forwarded-for"]?.split(",").reverse() ?? forwardedFor(headers.forwarded ?? "");
  for (const address of forwarded) {
    if (!trusts(client.address)) break;
    const hop = parseHop(address);
    // An obfuscated or unknown address: nothing behind it can be told.
    if (hop === null) break;
    client = hop;
  }
  return client;
}

/**
 * The addresses of a `Forwarded` header, the last first; that of an element without one is unknown, and so is all before what is no element.
 *
 * Read from the end, because what clients have written is in front of what the nearest proxy appended, and may leave a quote open: the last
 * element is the shortest text behind a comma that is one. Behind a comma within its quotes there is none: read from there, all is quoted that is
 * not and the other way round, so that the last quote stays open. By that, too, of the texts behind two commas one ends at the third, so that the
 * time grows with the length only.
 *
 * @param {string} header
 * @returns {Generator<string, void, void>}
 */
function* forwardedFor(header) {
  let end = header.length;
  for (let comma = end - 1; comma >= -1; comma--) {
    if (comma >= 0 && header[comma] !== ",") continue;
    const element = header.slice(comma + 1, end);
    const addresses = addressesOf(element);
    if (addresses === null) continue;
    if (addresses.length === 1) yield addresses[0];
    // Elements of a list may be empty (RFC 9110 section 5.6.1).
    else if (element.trim() !== "") yield "unknown";
    end = comma;
  }
  if (end > 0) yield "unknown";
}

/**
 * A parameter of a `Forwarded` element (RFC 7239 section 4), and what ends it. Its value may have more without quotes than it should, such as the
 * colon of a port.
 */
const PARAMETER = /(?<name>[^\s"=,;\\]+)=(?:"(?<quoted>[^"\\]*(?:\\[^][^"\\]*)*)"|(?<plain>[^\s",;\\]*))[ \t]*(?:;[ \t;]*|$)/gy;

/** The values of `for` in a `Forwarded` element, of which there should be one at most; null where the text is none. */
function addressesOf(text) {
  const element = text.replace(/^[ \t;]+/, "");
  const addresses = [];
  let end = 0;
  for (const { 0: parameter, groups } of element.matchAll(PARAMETER)) {
    const { name, quoted, plain } = groups;
    if (name.toLowerCase() === "for") addresses.push(quoted?.replace(/\\([^])/g, "$1") ?? plain);
    end += parameter.length;
  }
  return end === element.length ? addresses : null;
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
