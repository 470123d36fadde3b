"use strict";

// Clients that acknowledge nothing: they stay for longer than an ACK is waited for, and some acknowledge after all.

const { setTimeout } = require("node:timers/promises");

async function visit(clients, turn) {
  const client = await clients.join({ acks: false });
  client.send("ERROR", { payload: "many" });
  const numbers = [];
  while (numbers.length < 200) numbers.push((await client.nextOf("UTF8DATA")).ack);
  await setTimeout(3500);
  if (turn % 2 === 0) for (const ack of numbers) client.send("ACK", { ack });
  client.close();
  await client.closed();
}

module.exports = { guests: 2, pauseMs: 100, visit };
