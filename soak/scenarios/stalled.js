"use strict";

// Readers that stop while the server sends them more than it keeps. Some go on and get what was kept, some vanish.

const { setTimeout } = require("node:timers/promises");

async function visit(clients, turn) {
  const client = await clients.join();
  client.pause();
  client.send("ERROR", { payload: "flood" });
  await setTimeout(1000 + 500 * (turn % 4));
  if (turn % 2 === 0) {
    client.resume();
    while ((await client.nextOf("UTF8DATA")).payload !== "flooded");
    client.close();
  } else client.reset();
  await client.closed();
}

module.exports = { guests: 2, pauseMs: 100, visit };
