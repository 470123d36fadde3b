"use strict";

// Listeners of an incoming stream that fail: they are reported and end nothing, not even where Node.js calls them by itself.

const assert = require("node:assert/strict");
const { errorMonitor, once } = require("node:events");
const { PassThrough, finished } = require("node:stream");
const { text } = require("node:stream/consumers");
const { pipeline } = require("node:stream/promises");
const { describe, test } = require("node:test");

const { caughtUp } = require("../support/pair");
const { joined, reports } = require("../support/server");
const { event, within } = require("../support/wait");

const CANCELLED = "ERR_CRYO_STREAM_CANCELLED";

/** An incoming stream that was claimed and of which nothing has come yet. */
async function begun(t) {
  const { server, client, session } = await joined(t, {}, { acks: true });
  const claim = session.WaitForStream("up");
  client.send("TX_START", { txId: 0, byteLength: -1, streamName: "up" });
  return { server, client, session, readable: await claim };
}

const send = (client, payload) => client.send("TX_CHUNK", { txId: 0, seq: 0, payload });
const finish = (client) => client.send("TX_FINISH", { txId: 0 });
const cancel = (client) => client.send("TX_CANCEL", { txId: 0 });

describe("a listener of an incoming stream", () => {
  for (const [name, end] of [["data", finish], ["readable", finish], ["end", finish], ["error", cancel], ["close", finish]]) {
    for (const [how, listener] of [
      ["throws", () => { throw new Error("careless"); }],
      ["rejects", async () => { throw new Error("careless"); }],
    ]) {
      test(`of '${name}' that ${how} is reported`, async (t) => {
        const { server, client, session, readable } = await begun(t);
        const errors = reports(server);
        if (name !== "data" && name !== "readable") readable.resume();
        readable.once(name, listener);
        const closed = new Promise((resolve) => readable.once("close", resolve));
        send(client, "abc");
        if (name === "readable") {
          await event(readable, name);
          readable.resume();
        }
        end(client);
        await within(closed, "its end");
        await caughtUp({ client, session });
        assert.deepEqual(errors, [["careless", session, `listener of '${name}' on incoming stream 'up'`]]);
      });
    }
  }

  test("that throws does not keep the stream from going on", async (t) => {
    const { server, client, readable } = await begun(t);
    const heard = [];
    const reported = once(server, "error");
    readable.on("data", (chunk) => {
      heard.push(String(chunk));
      throw new Error("careless");
    });
    send(client, "a");
    await reported;
    server.on("error", () => {});
    send(client, "b");
    finish(client);
    await event(readable, "end");
    assert.deepEqual(heard, ["a", "b"]);
  });

  test("that throws does not keep Node's own from hearing of the end", async (t) => {
    const { server, client, readable } = await begun(t);
    const reported = once(server, "error");
    readable.on("end", () => {
      throw new Error("careless");
    });
    const target = new PassThrough();
    const piped = pipeline(readable, target);
    send(client, "abc");
    finish(client);
    assert.equal(await text(target), "abc");
    await within(piped, "the pipeline's end");
    await reported;
  });
});

describe("an incoming stream that fails", () => {
  test("ends no process where all listeners were removed", async (t) => {
    const { server, client, session, readable } = await begun(t);
    readable.on("data", () => {});
    readable.removeAllListeners();
    const reported = once(server, "error");
    cancel(client);
    const [error, whose, where] = await reported;
    assert.deepEqual([error.code, whose, where], [CANCELLED, session, "incoming stream 'up'"]);
    await caughtUp({ client, session });
  });

  test("is told to an errorMonitor without another listener", async (t) => {
    const { server, client, readable } = await begun(t);
    server.on("error", () => {});
    const told = once(readable, errorMonitor);
    cancel(client);
    assert.equal((await told)[0].code, CANCELLED);
  });

  test("fails what reads it, and nothing is reported", async (t) => {
    const readers = {
      pipeline: (readable) => pipeline(readable, new PassThrough()),
      iteration: (readable) => text(readable),
      finished: (readable) => new Promise((resolve, reject) => finished(readable, (error) => (error ? reject(error) : resolve()))),
    };
    for (const [name, read] of Object.entries(readers)) {
      await t.test(name, async (t) => {
        const { server, client, session, readable } = await begun(t);
        const errors = reports(server);
        const reading = read(readable);
        send(client, "abc");
        cancel(client);
        await assert.rejects(within(reading, name), { code: CANCELLED });
        await caughtUp({ client, session });
        assert.deepEqual(errors, []);
      });
    }
  });
});
