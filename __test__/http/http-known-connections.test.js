"use strict";

// What `http_server` says of the connections that there are, and how it closes them: also those that Node.js does not know yet.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { requestHead, target } = require("../support/http");
const { HttpService, connections, gone } = require("../support/http-service");
const { deferred, event, settled, until } = require("../support/wait");

/** The beginning of a request. */
const HALF = "GET / HTTP/1.1\r\nHost";
/** In ms: longer than any test may take. */
const NEVER = 600_000;

const answer = (_, response) => response.end("done");

for (const secure of [false, true]) {
  describe(secure ? "TLS" : "plain", () => {
    test("getConnections counts the connections of requests, of sessions, and those without a request", async (t) => {
      const service = await HttpService.start(t, secure, answer);
      assert.equal(await connections(service), 0);
      await service.harness.join();
      await service.request("/");
      assert.equal(await connections(service), 2);
      const silent = await service.connect();
      await until(async () => (await connections(service)) === 3, "the connection without a request");
      silent.destroy();
      await until(async () => (await connections(service)) === 2, "its end");
      assert.throws(() => service.http.getConnections(), { name: "TypeError", code: "ERR_CRYO_INVALID_ARGUMENT" });
    });

    test("closeAllConnections closes what has not sent a whole request, and leaves sessions and those that wait for the validator", async (t) => {
      const asked = deferred();
      const judged = deferred();
      const validate = (token) => {
        if (token === "tok") return true;
        asked.resolve();
        return judged.promise;
      };
      const service = await HttpService.start(t, secure, answer, { handshakeTimeoutMs: NEVER }, { validate });
      const { harness } = service;
      const { client, session } = await harness.join();
      const waiting = await harness.open();
      waiting.write(requestHead(target(waiting.sid, "slow")));
      await asked.promise;
      const newcomers = [await service.connect(), await service.connect()];
      if (secure) newcomers.push(await service.connectTransport());
      newcomers[1].write(HALF);
      const pending = () => service.server.Metrics().includes(`\ncryo_handshakes_pending ${newcomers.length + 1}\n`);
      await until(pending, "all of them to be known");
      service.http.closeIdleConnections();
      const closed = newcomers.map(gone);
      assert.equal(await settled(Promise.race(closed)), false);
      service.http.closeAllConnections();
      for (const newcomer of newcomers) newcomer.once("end", () => newcomer.end());
      await Promise.all(closed);
      judged.resolve(true);
      assert.equal((await waiting.response()).status, 101);
      const message = event(session, "message-utf8");
      client.send("UTF8DATA", { payload: "still here" });
      assert.deepEqual(await message, ["still here"]);
      assert.equal((await service.request("/")).body, "done");
      assert.match(service.server.Metrics(), new RegExp(`outcome="dismissed"} ${newcomers.length}\n`));
    });
  });
}
