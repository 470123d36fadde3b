"use strict";

// Sessions whose sockets the event loop reads itself: how many there are, and how to have more of them.

const assert = require("node:assert/strict");

const { within } = require("./wait");

/** For the option `skip` of node:test. */
const noLending = process.platform !== "linux" && "Linux alone can lend sockets";

/** How many sessions are lent. @param {string} metrics What `Metrics()` gave. */
const lentIn = (metrics) => Number(/^cryo_sessions_lent (\d+)$/m.exec(metrics)[1]);

/**
 * Asks one thing after the other, which the application answers with the same, as those do who are lent.
 *
 * @param {import("./client").Client[]} clients
 * @param {() => unknown} done Whether to stop. May be asynchronous.
 * @param {string} what Names the wait in the error.
 */
async function ask(clients, done, what) {
  const asking = async () => {
    for (let n = 0; !(await done()); n++) {
      for (const client of clients) {
        client.send("UTF8DATA", { payload: `question ${n}` });
        assert.equal((await client.nextOf("UTF8DATA")).payload, `question ${n}`);
      }
    }
  };
  await within(asking(), what);
}

module.exports = { ask, lentIn, noLending };
