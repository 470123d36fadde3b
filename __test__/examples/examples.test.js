"use strict";

// Every example, run as its reader would, and spoken to.

const assert = require("node:assert/strict");
const { once } = require("node:events");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const WebSocket = require("ws");

const { TOKEN, ask, join, nextText, run, start } = require("../support/example");
const { until, within } = require("../support/wait");

test("echo sends texts and bytes back", async (t) => {
  const { url } = await start(t, "echo.js");
  const client = await join(t, url);
  assert.equal(await ask(client, "Grüße"), "Grüße");
  const [[{ detail }]] = await Promise.all([within(once(client, "binary"), "bytes"), client.sendBinary(Uint8Array.of(0, 255))]);
  assert.deepEqual([...detail], [0, 255]);
  await assert.rejects(join(t, url, "another token"), /refused/);
});

test("rpc answers calls, says what failed, and leaves other texts alone", async (t) => {
  const server = await start(t, "rpc/server.js");
  const client = await join(t, server.url);
  const { Caller } = await import("../../examples/rpc/caller.mjs");
  const caller = new Caller(client);
  // The quick call overtakes the slow one.
  const answered = [];
  await Promise.all([
    caller.call("later", 50, "slow").then((value) => answered.push(value)),
    caller.call("add", 2, 3).then((value) => answered.push(value)),
  ]);
  assert.deepEqual(answered, [5, "slow"]);
  await assert.rejects(caller.call("divide", 1, 0), { code: -32603, message: "Division by zero." });
  await assert.rejects(caller.call("__proto__"), { code: -32601 });
  await client.sendText("just a text");
  await server.printed(/No call: just a text/);
});

test("rpc's client prints what a method returns", async (t) => {
  const { url } = await start(t, "rpc/server.js");
  const client = run("rpc/client.mjs", { args: [url, TOKEN, "add", "2", "3"] });
  assert.equal(await client.exit(), 0, client.output());
  assert.equal(client.output(), "5\n");
  const failing = run("rpc/client.mjs", { args: [url, TOKEN, "divide", "1", "0"] });
  assert.equal(await failing.exit(), 1);
  assert.equal(failing.output(), "-32603: Division by zero.\n");
});

test("the file server's files are fetched in ranges", async (t) => {
  const folder = path.join(__dirname, "..", "fixtures");
  const { url } = await start(t, "file-server/server.js", { args: [folder] });
  const client = run("file-server/client.mjs", { args: [url, TOKEN, "transcripts.json"] });
  assert.equal(await client.exit(), 0, client.output());
  assert.equal(client.output(), fs.readFileSync(path.join(folder, "transcripts.json"), "utf8"));
  const outside = run("file-server/client.mjs", { args: [url, TOKEN, "../examples.test.js"] });
  assert.equal(await outside.exit(), 1);
  assert.equal(outside.output(), "There is no file '../examples.test.js'.\n");
});

test("the file server sends a client one file at a time", async (t) => {
  const file = "transcripts.json";
  const { url } = await start(t, "file-server/server.js", { args: [path.join(__dirname, "..", "fixtures")] });
  const client = await join(t, url);
  const streams = [];
  client.addEventListener("stream", ({ detail }) => streams.push(detail));
  const refused = within(once(client, "peer-error"), "the refusal");
  await Promise.all([client.sendText(file), client.sendText(file)]);
  assert.equal((await refused)[0].detail, "One file at a time: the one before is not through yet.");
  await until(() => streams.length > 0, "the file");
  await new Response(streams[0].readable).arrayBuffer();
  // What the server knows of that comes a little later.
  await until(async () => {
    await client.sendText(file);
    return streams.length > 1;
  }, "another file");
});

test("the peer relay passes on what both sides say", async (t) => {
  const upstream = await start(t, "echo.js");
  const relay = await start(t, "peer-relay.js", { env: { UPSTREAM: upstream.url } });
  const client = await join(t, relay.url);
  assert.equal(await ask(client, "one"), "one");
  assert.equal(await ask(client, "two"), "two");

  // The token is the upstream server's affair.
  const stranger = new WebSocket(`${relay.url}?authorization=Bearer%20another&x-cryo-sid=1`);
  t.after(() => stranger.terminate());
  let said = "";
  stranger.on("message", (bytes) => (said += bytes));
  const [code] = await within(once(stranger, "close"), "the relay to close");
  assert.equal(code, 4000);
  assert.match(said, /refused/);
});

test("Express answers on the port of the sessions", async (t) => {
  const { url, port } = await start(t, "express.js");
  const client = await join(t, url);
  assert.equal(await ask(client, "hello"), "hello");
  const sessions = await (await fetch(`http://localhost:${port}/sessions`)).json();
  assert.deepEqual(sessions.map(({ id }) => id), [String(client.sid)]);
  const announced = nextText(client);
  const headers = { "Content-Type": "text/plain" };
  const response = await fetch(`http://localhost:${port}/announcements`, { method: "POST", headers, body: "Hear, hear!" });
  assert.equal(response.status, 202);
  assert.equal(await announced, "Hear, hear!");
  assert.equal((await fetch(`http://localhost:${port}/nowhere`)).status, 404);
});
