"use strict";

// `http_server.listen()`: it listens where cryo() was told to, and nowhere else.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { cryo } = require("../..");
const { GET, HttpService } = require("../support/http-service");
const { event, within } = require("../support/wait");

const ENDED = { name: "CryoError", code: "ERR_CRYO_SERVER_CLOSED", message: /cryo\(\)/ };

for (const secure of [false, true]) {
  describe(`${secure ? "TLS" : "plain"}: listen() throws`, () => {
    test("while the server listens, as in node:http", async (t) => {
      const service = await HttpService.start(t, secure, (_, response) => response.end("fine"));
      const { port } = service;
      assert.throws(() => service.http.listen(0, "127.0.0.1"), { name: "Error", code: "ERR_SERVER_ALREADY_LISTEN" });
      assert.equal(service.port, port);
      assert.match(await service.exchange(GET, "fine"), /^HTTP\/1\.1 200 /);
    });

    test("once the server ends, and when it has ended", async (t) => {
      const service = await HttpService.start(t, secure);
      const { session } = await service.harness.join();
      const drained = service.server.Drain(60_000);
      assert.throws(() => service.http.listen(0), ENDED);
      session.Close();
      await within(drained, "Drain()");
      assert.throws(() => service.http.listen(0), ENDED);
    });
  });
}

test("listen() throws on a server that could not listen", async (t) => {
  const { harness } = await HttpService.start(t, false);
  const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: harness.port });
  t.after(() => server.Destroy());
  await event(server.http_server, "error");
  assert.throws(() => server.http_server.listen(0, "127.0.0.1"), ENDED);
});
