"use strict";

// The upgrade request: the validator sees it as its second argument, the application on the session.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { requestHead, target } = require("../support/http");
const { Harness } = require("../support/server");

test("the validator and the session have address, port, URL and headers of the upgrade request", async (t) => {
  const seen = [];
  const validate = async (token, request) => {
    const { remoteAddress, remotePort, url, headers } = request;
    seen.push({ token, remoteAddress, remotePort, url, headers });
    return true;
  };
  const harness = await Harness.start(t, { host: "127.0.0.1" }, { validate });
  const client = await harness.open({ sid: 7n });
  const arrival = harness.session(7n);
  const url = target(7n, "secret");
  client.write(requestHead(url, { headers: { "X-Tenant": "north" } }));
  assert.equal((await client.response()).status, 101);
  const { request } = await arrival;

  const [{ token, headers, ...asked }] = seen;
  assert.equal(token, "secret");
  assert.deepEqual(asked, { remoteAddress: "127.0.0.1", remotePort: client.transport.localPort, url });
  assert.equal(headers["x-tenant"], "north");
  assert.deepEqual([request.remoteAddress, request.remotePort, request.url], Object.values(asked));
  assert.equal(request.headers["x-tenant"], "north");
});
