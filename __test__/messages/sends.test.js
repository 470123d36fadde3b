"use strict";

// The promises of sends by themselves: what one that is never acknowledged costs, and that it still settles.

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const { describe, test } = require("node:test");

const { Bridge } = require("../../lib/bridge/bridge.js");
const { EVENT, OUTCOME } = require("../../lib/bridge/codes.js");
const { Sends } = require("../../lib/messages/sends.js");
const { Sessions } = require("../../lib/session/sessions.js");
const { settled } = require("../support/wait");

const MANY = 300_000;

/** In a process of its own, where nothing else keeps an account of promises. */
async function measure(path, rejects, many) {
  const { Sends } = require(path);
  const sends = new Sends(rejects);
  sends.promise();
  const before = (global.gc(), process.memoryUsage().heapUsed);
  for (let n = 0; n < many; n++) {
    sends.promise();
    sends.settle(sends.token, 0, 1);
    if (n % 1000 === 0) await null;
  }
  const after = (global.gc(), process.memoryUsage().heapUsed);
  sends.close();
  console.log(after - before);
}

for (const rejects of [false, true]) {
  describe(`one send without an ACK, undelivered: "${rejects ? "reject" : "pending"}"`, () => {
    /** A send that waits while `count` later ones were acknowledged. */
    function stuck(count) {
      const sends = new Sends(rejects);
      const first = sends.promise();
      const { token } = sends;
      for (let n = 0; n < count; n++) {
        sends.promise();
        sends.settle(sends.token, OUTCOME.Acknowledged, 1);
      }
      return { sends, first, token };
    }

    test("keeps nothing of later ones", () => {
      const call = `(${measure})(${JSON.stringify(require.resolve("../../lib/messages/sends.js"))}, ${rejects}, ${MANY})`;
      const more = Number(execFileSync(process.execPath, ["--expose-gc", "-e", call]));
      assert.ok(more < 4 * MANY, `${more} bytes more for ${MANY} sends`);
    });

    test("resolves when its ACK comes, and so do those that were sent after it", async () => {
      const { sends, first, token } = stuck(5000);
      const second = sends.promise();
      assert.equal(await settled(first), false);
      sends.settle(token, OUTCOME.Acknowledged, 1);
      await first;
      assert.equal(await settled(second), false);
      sends.settle(sends.token, OUTCOME.Acknowledged, 1);
      await second;
    });

    for (const [title, end, code] of [
      ["is timed out", ({ sends, token }) => sends.settle(token, OUTCOME.TimedOut, 1), "ERR_CRYO_ACK_TIMEOUT"],
      ["loses its session", ({ sends }) => sends.close(), "ERR_CRYO_SESSION_CLOSED"],
    ]) {
      test(`${rejects ? "rejects" : "stays pending"} when it ${title}`, async () => {
        const all = stuck(5000);
        end(all);
        if (rejects) await assert.rejects(all.first, { code });
        else assert.equal(await settled(all.first), false);
      });
    }
  });
}

test("an outcome that arrives after its session's end is discarded", () => {
  const sessions = new Sessions({ bridge: new Bridge() }, null, null);
  assert.equal(sessions.event(EVENT.Settled, 7, 1, OUTCOME.Dropped | (1 << 8), null), true);
});
