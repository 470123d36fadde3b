"use strict";

// verifyOrigin: which web pages may connect.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { target } = require("../support/http");
const { Harness } = require("../support/server");
const { event } = require("../support/wait");

/** The status that a request with this `Origin` gets. */
async function ask(harness, sid, origin) {
  const { status } = await harness.request(target(sid), { headers: { Origin: origin } });
  return status;
}

describe("verifyOrigin as a list", () => {
  test("accepts the origins in it, and clients without an Origin header", async (t) => {
    const harness = await Harness.start(t, { verifyOrigin: ["https://Example.com", "http://localhost:3000"] });
    assert.equal(await ask(harness, 1n, "https://example.com"), 101);
    assert.equal(await ask(harness, 2n, "http://localhost:3000"), 101);
    assert.equal(await ask(harness, 3n, undefined), 101);
  });

  test("refuses all others with 403", async (t) => {
    const harness = await Harness.start(t, { verifyOrigin: ["https://example.com"] });
    for (const origin of ["https://example.com.evil.example", "http://example.com", "https://example.com:8443", "null", "x"]) {
      assert.equal(await ask(harness, 1n, origin), 403, origin);
    }
  });

  test("refuses every origin when it is empty", async (t) => {
    const harness = await Harness.start(t, { verifyOrigin: [] });
    assert.equal(await ask(harness, 1n, "https://example.com"), 403);
  });
});

describe("verifyOrigin as a function", () => {
  test("gets the origin and the request, and decides", async (t) => {
    const asked = [];
    const verifyOrigin = (origin, request) => {
      asked.push([origin, request.url, request.headers.host]);
      return origin === "https://good.example";
    };
    const harness = await Harness.start(t, { verifyOrigin });
    assert.equal(await ask(harness, 1n, "https://good.example"), 101);
    assert.equal(await ask(harness, 2n, "https://bad.example"), 403);
    assert.equal(await ask(harness, 3n, undefined), 403);
    assert.deepEqual(
      asked,
      ["https://good.example", "https://bad.example", undefined].map((origin, i) => [origin, target(BigInt(i + 1)), "localhost"]),
    );
  });

  test("may be asynchronous", async (t) => {
    const harness = await Harness.start(t, { verifyOrigin: async (origin) => origin === "https://good.example" });
    assert.equal(await ask(harness, 1n, "https://good.example"), 101);
    assert.equal(await ask(harness, 2n, "https://bad.example"), 403);
  });

  for (const [title, verifyOrigin] of Object.entries({
    throws: () => {
      throw new Error("no idea");
    },
    rejects: () => Promise.reject(new Error("no idea")),
  })) {
    test(`that ${title} refuses the client with 503 and is reported`, async (t) => {
      const harness = await Harness.start(t, { verifyOrigin });
      const failure = event(harness.server, "error");
      const response = ask(harness, 1n, "https://example.com");
      const [error, session, where] = await failure;
      assert.deepEqual([error.message, session, where], ["no idea", null, "verifyOrigin"]);
      assert.equal(await response, 503);
    });
  }

  test("is called before the validator, which is not called for a refused client", async (t) => {
    const order = [];
    const verifyOrigin = (origin) => order.push("origin") > 0 && origin !== "https://bad.example";
    const harness = await Harness.start(t, { verifyOrigin }, { validate: () => order.push("validator") > 0 });
    assert.equal(await ask(harness, 1n, "https://bad.example"), 403);
    assert.equal(await ask(harness, 1n, "https://good.example"), 101);
    assert.deepEqual(order, ["origin", "origin", "validator"]);
  });
});
