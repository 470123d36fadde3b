"use strict";

// Clients that send more ahead of the answer than a head may have: the rest is read when they have a session, and their leaving is noticed
// all the same.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { setTimeout } = require("node:timers/promises");

const certificate = require("../support/certs");
const { requestHead, target } = require("../support/http");
const { Harness } = require("../support/server");
const { deferred, until } = require("../support/wait");

for (const [title, options] of [
  ["plain", {}],
  ["TLS", { ssl: certificate }],
]) {
  describe(`a ${title} client that has sent more ahead than a head may have, while the validator runs`, () => {
    /** The client, once the validator was asked, and what answers for that. */
    const ahead = async (t) => {
      const asked = deferred();
      const answer = deferred();
      const validate = (token) => {
        if (token === "tok") return true;
        asked.resolve();
        return answer.promise;
      };
      const harness = await Harness.start(t, { ...options, handshakeTimeoutMs: 600_000 }, { validate });
      const client = await harness.open();
      const messages = Array.from({ length: 80 }, (_, n) => client.message("UTF8DATA", { payload: `${n}`.padEnd(1024) }));
      client.write(Buffer.concat([Buffer.from(requestHead(target(client.sid, "slow"))), ...messages]));
      await asked.promise;
      return { harness, client, answer };
    };

    for (const leave of ["destroy", "reset"]) {
      test(`is noticed to leave: ${leave}()`, async (t) => {
        const { harness, client } = await ahead(t);
        client[leave]();
        await client.closed();
        const again = async () => (await harness.request(target(client.sid))).status === 101;
        await until(again, "its sid to be free");
      });
    }

    test("loses nothing of it", async (t) => {
      const { harness, client, answer } = await ahead(t);
      // The bytes that did not fit are there, and watched, by then.
      await setTimeout(50);
      const arrival = harness.session(client.sid);
      answer.resolve(true);
      const session = await arrival;
      const received = [];
      session.on("message-utf8", (text) => received.push(Number(text)));
      await until(() => received.length === 80, "all messages");
      assert.deepEqual(received, Array.from({ length: 80 }, (_, n) => n));
    });
  });
}
