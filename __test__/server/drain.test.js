"use strict";

// Drain(): an end that lets sessions finish what they are doing.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { requestHead, target } = require("../support/http");
const { Harness, joined } = require("../support/server");
const { deferred, event, settled, until, within } = require("../support/wait");

/** Longer than any test may take. */
const NEVER = 3_600_000;

describe("Drain()", () => {
  test("accepts no connection, disturbs no session, and resolves when the last one has ended", async (t) => {
    const { harness, server, client, session } = await joined(t);
    const other = await harness.join();
    const { port } = harness;
    const drained = server.Drain(NEVER);
    const echo = async () => {
      const message = event(session, "message-utf8");
      client.send("UTF8DATA", { payload: "still here" });
      assert.deepEqual(await message, ["still here"]);
    };
    await echo();
    await refused(harness, port);
    await echo();

    const closed = event(other.session, "closed");
    other.client.close();
    await closed;
    await echo();
    assert.equal(await settled(drained), false);
    client.close();
    await within(drained, "Drain()");
    assert.equal(server.http_server.listening, false);
  });

  test("closes the sessions that are left at the deadline, with BYE", async (t) => {
    const { server, client, session } = await joined(t);
    const closed = event(session, "closed");
    const drained = server.Drain(100);
    assert.equal((await client.nextOf("BYE")).reason, "Server shutdown.");
    assert.deepEqual(await client.closed(), { code: 4000, reason: "Closing session." });
    await within(Promise.all([drained, closed]), "Drain()");
  });

  test("resolves at once without sessions", async (t) => {
    // Nothing that the server could wait for comes any sooner.
    const { server } = await Harness.start(t, { closeTimeoutMs: NEVER, handshakeTimeoutMs: NEVER });
    await within(server.Drain(NEVER), "Drain()", 5_000);
  });

  test("has a deadline of ten seconds by default", { timeout: 60_000 }, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { server } = await joined(t);
    const drained = server.Drain();
    t.mock.timers.tick(9_999);
    assert.equal(await settled(drained), false);
    t.mock.timers.tick(1);
    await drained;
  });

  test("refuses handshakes that are under way with 503", async (t) => {
    const asked = deferred();
    const harness = await Harness.start(t, {}, { validate: () => new Promise(asked.resolve) });
    const client = await harness.open();
    client.write(requestHead(target(1n)));
    await asked.promise;
    const drained = harness.server.Drain(NEVER);
    assert.equal((await client.response()).status, 503);
    client.destroy();
    await within(drained, "Drain()");
  });

  test("is cut short by Destroy()", async (t) => {
    const { server, client } = await joined(t);
    const drained = server.Drain(NEVER);
    await within(Promise.all([server.Destroy(), drained]), "both");
    await client.closed();
  });

  test("may be called again, and after Destroy()", async (t) => {
    const { server } = await joined(t);
    const first = server.Drain(100);
    await within(Promise.all([first, server.Drain(NEVER)]), "both");
    await within(server.Drain(), "a third");
    await within(server.Destroy(), "Destroy()");
    await within(server.Drain(), "a fourth");
  });

  for (const deadline of [-1, NaN, Infinity, 2 ** 31, "100", null]) {
    test(`refuses the deadline ${String(deadline)}`, async (t) => {
      const { server } = await Harness.start(t);
      assert.throws(() => server.Drain(deadline), { name: "TypeError", code: "ERR_CRYO_INVALID_ARGUMENT" });
    });
  }
});

/** Waits until the port is closed: the I/O thread hears of the drain a little later. */
async function refused(harness, port) {
  const attempt = async () => {
    try {
      const client = await harness.open({ port });
      client.destroy();
      return false;
    } catch (error) {
      assert.equal(error.code, "ECONNREFUSED");
      return true;
    }
  };
  await until(attempt, "a refusal");
}
