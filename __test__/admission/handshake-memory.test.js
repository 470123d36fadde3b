"use strict";

// What a handshake leaves behind in the application's process: nothing, however it ends.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { collected } = require("../support/garbage");
const { requestHead, target } = require("../support/http");
const { Harness } = require("../support/server");
const { deferred, within } = require("../support/wait");

/** Longer than any test may take. */
const NEVER = 3_600_000;

/** How a handshake ends once the validator was asked, and what that says in the end; some with the server's `handshakeTimeoutMs`. */
const ENDS = {
  "that is refused": async ({ client, answer }) => {
    answer(false);
    assert.equal((await client.response()).status, 401);
  },
  "whose validator fails": async ({ client, answer }) => {
    answer(Promise.reject(new Error("no database")));
    assert.equal((await client.response()).status, 503);
  },
  "whose client leaves while it is judged": async ({ client, answer }) => {
    client.reset();
    await client.closed();
    answer(true);
  },
  "whose client leaves and whose validator never answers": async ({ client }) => {
    client.reset();
    await client.closed();
  },
  "that takes too long": [
    async ({ client, answer }) => {
      assert.equal((await client.response()).status, 408);
      answer(true);
    },
    // Time enough to ask the validator, on any machine.
    3000,
  ],
  "whose session has come and gone": async ({ client, answer }) => {
    answer(true);
    assert.equal((await client.response()).status, 101);
    client.close();
    await client.closed();
  },
};

for (const [title, how] of Object.entries(ENDS)) {
  const [end, handshakeTimeoutMs] = Array.isArray(how) ? how : [how, NEVER];
  test(`a handshake ${title} leaves nothing behind`, async (t) => {
    const questions = Array.from({ length: 5 }, deferred);
    const validate = (token, request) => {
      const { promise, resolve: answer } = deferred();
      questions[token].resolve({ request: new WeakRef(request), answer });
      return promise;
    };
    const harness = await Harness.start(t, { handshakeTimeoutMs }, { validate });
    harness.server.on("error", () => {});
    const visit = async ({ promise: asked }, token) => {
      const client = await harness.open();
      client.write(requestHead(target(client.sid, String(token))));
      const { request, answer } = await within(asked, "the question");
      await end({ client, answer });
      return request;
    };
    const past = await Promise.all(questions.map(visit));
    // They hold what waits for an answer.
    questions.length = 0;
    await collected(past, "the requests");
  });
}
