"use strict";

// Sessions that come and go, in every way there is.

const assert = require("node:assert/strict");

const { requestHead, target } = require("../../__test__/support/http");

/** Ways of leaving. */
const LEAVES = [
  (client) => client.close(),
  (client) => client.send("BYE", { reason: "done" }),
  (client) => client.socket.end(),
  (client) => client.reset(),
];

/** Some are refused, some break off in the middle of the handshake. */
async function stranger(clients, breaksOff) {
  const client = await clients.open();
  if (breaksOff) {
    client.write(requestHead(target(client.sid)).slice(0, 40));
    client.reset();
  } else {
    const { status } = await client.request(target(client.sid, "wrong"));
    assert.equal(status, 401);
  }
  await client.closed();
}

async function visit(clients, turn) {
  if (turn % 8 === 7) return stranger(clients, turn % 16 === 15);
  const client = turn % 2 === 0 ? await clients.join() : await clients.connect();
  client.send("UTF8DATA", { payload: `turn ${turn}` });
  assert.equal((await client.nextOf("UTF8DATA")).payload, `turn ${turn}`);
  LEAVES[turn % LEAVES.length](client);
  await client.closed();
}

module.exports = { guests: 3, pauseMs: 20, visit };
