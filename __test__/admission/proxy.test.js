"use strict";

// trustProxy: the client's address behind proxies, and never one that a client makes up.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { clientOf } = require("../../lib/admission/forwarded.js");
const { Client } = require("../support/client");
const { freePath } = require("../support/folder");
const { target } = require("../support/http");
const { Harness } = require("../support/server");

const MIB = 1024 * 1024;

/**
 * @param {import("node:test").TestContext} t
 * @param {boolean | string[]} trustProxy
 * @param {Record<string, string>} headers
 * @returns {Promise<any>} What the validator saw.
 */
async function requestSeen(t, trustProxy, headers) {
  let seen;
  const harness = await Harness.start(t, { trustProxy, host: "127.0.0.1" }, { validate: (_, request) => (seen = request) !== null });
  const session = harness.session(1n);
  assert.equal((await harness.request(target(1n), { headers })).status, 101);
  assert.equal((await session).request, seen, "the session has the request that the validator had");
  return seen;
}

const rows = [
  ["nobody, by default", false, { "X-Forwarded-For": "192.0.2.1" }, "127.0.0.1"],
  ["another network, not the peer", ["10.0.0.0/8"], { "X-Forwarded-For": "192.0.2.1" }, "127.0.0.1"],
  ["the peer", ["127.0.0.1"], { "X-Forwarded-For": "192.0.2.1" }, "192.0.2.1"],
  ["the peer's network", ["127.0.0.0/8"], { "X-Forwarded-For": "192.0.2.1" }, "192.0.2.1"],
  ["the peer's network in its IPv6 form", ["::ffff:127.0.0.0/104"], { "X-Forwarded-For": "192.0.2.1" }, "192.0.2.1"],
  ["the peer, which forwards nothing", ["127.0.0.1"], {}, "127.0.0.1"],
  ["the last proxy of two", ["127.0.0.1"], { "X-Forwarded-For": "6.6.6.6, 192.0.2.1, 10.0.0.9" }, "10.0.0.9"],
  ["both proxies", ["127.0.0.1", "10.0.0.0/8"], { "X-Forwarded-For": "6.6.6.6, 192.0.2.1, 10.0.0.9" }, "192.0.2.1"],
  ["all proxies", ["127.0.0.1", "10.0.0.0/8"], { "X-Forwarded-For": "10.0.0.8, 10.0.0.9" }, "10.0.0.8"],
  ["everybody", true, { "X-Forwarded-For": "6.6.6.6, 192.0.2.1, 10.0.0.9" }, "6.6.6.6"],
  ["a proxy that hides whom it forwards for", true, { "X-Forwarded-For": "6.6.6.6, unknown, 10.0.0.9" }, "10.0.0.9"],
  ["a proxy that forwards nonsense", true, { "X-Forwarded-For": "<script>" }, "127.0.0.1"],
  ["a proxy of IPv6", true, { "X-Forwarded-For": "2001:db8::7" }, "2001:db8::7"],
  ["a proxy that maps IPv4", true, { "X-Forwarded-For": "::ffff:192.0.2.1" }, "192.0.2.1"],
  ["a proxy of RFC 7239", true, { Forwarded: 'for=192.0.2.43;proto=https;by=203.0.113.1' }, "192.0.2.43"],
  ["two proxies of RFC 7239", ["127.0.0.1", "10.0.0.9"], { Forwarded: "for=6.6.6.6, For=192.0.2.43, for=10.0.0.9" }, "192.0.2.43"],
  ["a proxy of RFC 7239 with backslashes in quotes, and empty elements", ["127.0.0.1", "192.0.2.8"], { Forwarded: String.raw`for=192.0.2.7, ,by="a,\"b";for=192.0.2.8` }, "192.0.2.7"],
  ["a proxy of RFC 7239 with a comma in quotes", true, { Forwarded: 'by="a,for=6.6.6.6"; for="[2001:db8::17]:4711"' }, "2001:db8::17"],
  ["a proxy of RFC 7239 that obfuscates the address", true, { Forwarded: "for=_hidden" }, "127.0.0.1"],
  ["a proxy of RFC 7239 that leaves the address out", true, { Forwarded: "proto=https" }, "127.0.0.1"],
  ["a proxy of RFC 7239 behind a client's open quote", ["127.0.0.1"], { Forwarded: 'for=6.6.6.6;x=", for=192.0.2.7' }, "192.0.2.7"],
  ["a proxy of RFC 7239 that quotes behind a client's open quote", ["127.0.0.1"], { Forwarded: 'for=6.6.6.6;x=", for="[2001:db8::7]:4711";proto=https' }, "2001:db8::7"],
  ["a proxy of RFC 7239 in a field behind one with an open quote", ["127.0.0.1"], { Forwarded: 'for=6.6.6.6;by="', forwarded: "proto=https;for=192.0.2.7;host=example.com" }, "192.0.2.7"],
  ["a proxy of RFC 7239 that quotes what a client made up", ["127.0.0.1"], { Forwarded: 'host="a;for=6.6.6.6;b";for=192.0.2.7' }, "192.0.2.7"],
  ["a proxy of RFC 7239 that quotes what would be an element", ["127.0.0.1"], { Forwarded: String.raw`host="a,for=6.6.6.6;x=\",for=6.6.6.6;x=";for="192.0.2.7:80"` }, "192.0.2.7"],
  ["a proxy of RFC 7239 that escapes what would close a client's quote", ["127.0.0.1"], { Forwarded: String.raw`for=6.6.6.6;x=", host="a\"b";for=192.0.2.7` }, "192.0.2.7"],
  ["a proxy of RFC 7239 that escapes within the address", true, { Forwarded: String.raw`for="192\.0.2\.7"` }, "192.0.2.7"],
  ["a proxy of RFC 7239 with what needs quotes outside of them, and spaces", true, { Forwarded: "host=localhost:8080 ; path=/a?b=c;;for=[2001:db8::7]:4711; by=;" }, "2001:db8::7"],
  ["a proxy of RFC 7239 with two addresses in one element", true, { Forwarded: "for=6.6.6.6;host=a;for=192.0.2.7" }, "127.0.0.1"],
  ["a proxy of RFC 7239 whose last element is none", true, { Forwarded: 'for=6.6.6.6, for=192.0.2.7;"' }, "127.0.0.1"],
  ["X-Forwarded-For where there are both headers", true, { "X-Forwarded-For": "192.0.2.1", Forwarded: "for=6.6.6.6" }, "192.0.2.1"],
];

describe("trustProxy", () => {
  for (const [title, trustProxy, headers, expected] of rows) {
    test(`trusts ${title}`, async (t) => {
      const request = await requestSeen(t, trustProxy, headers);
      assert.equal(request.remoteAddress, expected);
      assert.equal(request.socketAddress, "127.0.0.1");
    });
  }

  test("takes time for Forwarded that grows with its length, not with the square of it", () => {
    const peer = { address: "192.0.2.1", port: 1 };
    // Hours, where each open quote, comma or space is tried to the end.
    for (const piece of [String.raw`\"`, ",", " ", 'a="', 'a=";b=",', "a=b;"]) {
      const pieces = piece.repeat((2 * MIB) / piece.length);
      for (const forwarded of [pieces, `a="${pieces}`, `a="${pieces}"x`, `a=${pieces}"`]) {
        assert.deepEqual(clientOf(peer, { forwarded }, () => true), peer, forwarded.slice(0, 20));
      }
    }
  });

  test("takes the port where a proxy forwards it, and has none otherwise", async (t) => {
    assert.equal((await requestSeen(t, true, { "X-Forwarded-For": "192.0.2.1:1234" })).remotePort, 1234);
    assert.equal((await requestSeen(t, true, { "X-Forwarded-For": "192.0.2.1" })).remotePort, undefined);
    assert.ok((await requestSeen(t, true, {})).remotePort > 0);
  });

  test("as `true` trusts a proxy behind a Unix domain socket, a list does not", { skip: process.platform === "win32" }, async (t) => {
    for (const [trustProxy, expected] of [[true, "192.0.2.1"], [["127.0.0.1"], undefined]]) {
      const file = freePath(t);
      const harness = await Harness.start(t, { trustProxy, path: file });
      const session = harness.session(1n);
      const client = await Client.open({ path: file });
      await client.request(target(1n), { headers: { "X-Forwarded-For": "192.0.2.1" } });
      const { remoteAddress, socketAddress } = (await session).request;
      assert.deepEqual([remoteAddress, socketAddress], [expected, undefined]);
      client.destroy();
      await harness.stop();
    }
  });
});
