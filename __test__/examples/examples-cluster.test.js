"use strict";

// The cluster example: connections are shared out, and dead workers replaced.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { ask, join, start } = require("../support/example");

const noCluster = process.platform !== "linux" && "the workers of a cluster share a port on Linux alone";

test("a cluster shares connections out, and replaces a worker that dies", { skip: noCluster }, async (t) => {
  const example = await start(t, "cluster.js");
  const seen = new Set();
  for (let count = 0; count < 40 && seen.size < 2; count++) {
    const client = await join(t, example.url);
    const [pid, text] = (await ask(client, "who?")).split(": ");
    assert.equal(text, "who?");
    seen.add(pid);
  }
  assert.equal(seen.size, 2, "all connections went to one worker");
  const [pid] = seen;
  process.kill(Number(pid), "SIGKILL");
  await example.printed(new RegExp(`Worker ${pid} is gone`));
  await example.printed(/(?:Worker \d+ listens[^]*){3}/);
});
