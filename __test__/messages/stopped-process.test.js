"use strict";

// A process that stood still: stopped by a signal, frozen with its container, on a machine that was paused.

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { setTimeout } = require("node:timers/promises");

const { Client } = require("../support/client");
const { spawnApp } = require("../support/process");

const SESSIONS = 20;

/** Longer than an ACK may take. In ms. */
const STANDSTILL = 3000;

test("ACKs that came while the process stood still are in time", { skip: process.platform === "win32" }, async (t) => {
  const app = spawnApp(t, ({ cryo, send }) => {
    const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0, undelivered: "reject" });
    const sessions = [];
    server.on("session", (session) => sessions.push(session));
    server.on("listening", () => send(server.http_server.address().port));
    process.on("message", async () => {
      const sends = await Promise.allSettled(sessions.map((session) => session.SendUTF8("text")));
      send(sends.map(({ status, reason }) => reason?.code ?? status));
    });
  });
  const port = await app.next("the port");
  const clients = [];
  for (let sid = 1n; clients.length < SESSIONS; sid++) {
    const client = await Client.connect({ port, sid });
    await client.announce();
    clients.push(client);
  }
  app.tell("send");
  const sent = await Promise.all(clients.map((client) => client.nextOf("UTF8DATA")));
  app.signal("SIGSTOP");
  clients.forEach((client, at) => client.send("ACK", { ack: sent[at].ack }));
  await setTimeout(STANDSTILL);
  app.signal("SIGCONT");
  assert.deepEqual(await app.next("the outcomes"), Array(SESSIONS).fill("fulfilled"));
  for (const client of clients) client.destroy();
});
