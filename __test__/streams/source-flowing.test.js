"use strict";

// Sources that others set flowing, or read too: from the call of Stream() on, nothing of them is lost, however late TX_START is acknowledged.

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { createHash } = require("node:crypto");
const { PassThrough, Readable } = require("node:stream");
const { describe, test } = require("node:test");

const { Harness, joined } = require("../support/server");
const { download, fetchAll, fetching, noise, pieces, sha256 } = require("../support/transactions");
const { event, within } = require("../support/wait");

const ACKS = { acks: true };

/** A program that writes this and ends. */
function child(t, text) {
  const program = spawn(process.execPath, ["-e", `process.stdout.write(${JSON.stringify(text)})`], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => program.kill());
  return program;
}

/** Many pieces that come one by one, and how many were asked for. */
function slowly(body, size) {
  const parts = pieces(body, size)[Symbol.iterator]();
  const source = new Readable({
    highWaterMark: 2 * size,
    read() {
      source.given++;
      setImmediate(() => this.push(parts.next().value ?? null));
    },
  });
  return Object.assign(source, { given: 0 });
}

/** Begins a stream, and acknowledges its TX_START only after `meanwhile`. */
async function acknowledgedLate({ client, session }, source, meanwhile) {
  client.habits.acks = false;
  const streamed = session.Stream(source);
  const start = await client.nextOf("TX_START");
  await meanwhile();
  client.habits.acks = true;
  client.send("ACK", { ack: start.ack });
  const chunks = [];
  for (let frame = await client.next(); frame.name !== "TX_FINISH"; frame = await client.next()) {
    if (frame.name === "TX_CHUNK") chunks.push(frame.payload);
  }
  await within(streamed, "the end of Stream()");
  return Buffer.concat(chunks);
}

const turns = async (count) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

describe("nothing is lost of", () => {
  test("what a program printed that has exited", async (t) => {
    const pair = await joined(t, {}, ACKS);
    const program = child(t, "hi");
    const body = await acknowledgedLate(pair, program.stdout, () => event(program, "exit").then(() => turns(20)));
    assert.equal(String(body), "hi");
  });

  test("what a program printed whose stream waits for its client's announcement", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet(ACKS);
    const program = child(t, "hi");
    const streamed = session.Stream(program.stdout);
    await event(program, "exit");
    await turns(20);
    await client.announce();
    assert.equal(String(Buffer.concat((await download(client)).chunks)), "hi");
    await streamed;
  });

  test("a source with a `data` listener, which hears it all, too", async (t) => {
    const body = noise(300_000);
    for (const when of ["before", "after"]) {
      const pair = await joined(t, {}, ACKS);
      const source = slowly(body, 10_000);
      const heard = [];
      const listen = () => source.on("data", (bytes) => heard.push(bytes));
      if (when === "before") listen();
      const received = acknowledgedLate(pair, source, () => turns(50));
      if (when === "after") listen();
      assert.equal(sha256(await received), sha256(body), `a listener ${when}`);
      assert.equal(sha256(heard), sha256(body), `a listener ${when}`);
    }
  });

  test("a source that is piped into a hash, which gets it all, too", async (t) => {
    const body = noise(300_000);
    for (const when of ["before", "after"]) {
      const pair = await joined(t, {}, ACKS);
      const source = slowly(body, 10_000);
      const hash = createHash("sha256");
      const pipe = () => source.pipe(hash);
      if (when === "before") pipe();
      const received = acknowledgedLate(pair, source, () => turns(50));
      if (when === "after") pipe();
      assert.equal(sha256(await received), sha256(body), `piped ${when}`);
      assert.equal(hash.digest("hex"), sha256(body), `piped ${when}`);
    }
  });

  test("a source that is told to flow", async (t) => {
    const pair = await joined(t, {}, ACKS);
    const source = slowly(noise(100_000), 10_000);
    const body = await acknowledgedLate(pair, source, async () => {
      source.resume();
      await turns(50);
    });
    assert.equal(sha256(body), sha256(noise(100_000)));
  });

  test("a source that flows and is to be fetched", async (t) => {
    const { client, session } = await fetching(await Harness.start(t));
    const source = slowly(noise(100_000), 10_000);
    source.on("data", () => {});
    session.Stream(source);
    const { txId, byteLength } = await client.nextOf("TX_START");
    assert.equal(byteLength, 100_000);
    assert.equal(sha256(await fetchAll(client, txId)), sha256(noise(100_000)));
  });
});

describe("a source whose stream has not begun", () => {
  test("is read up to its own high-water mark, and no further", async (t) => {
    const pair = await joined(t, {}, ACKS);
    const source = slowly(noise(300_000), 10_000);
    source.on("data", () => {});
    await acknowledgedLate(pair, source, async () => {
      await turns(50);
      assert.ok(source.given <= 2, `${source.given} pieces were taken`);
    });
  });

  test("is destroyed where the session ends first", async (t) => {
    const harness = await Harness.start(t);
    const { session } = await harness.meet();
    const source = new PassThrough();
    source.write("never sent");
    const closed = event(source, "close");
    const streamed = session.Stream(source);
    session.Destroy();
    await Promise.all([closed, streamed]);
    const late = new PassThrough();
    const closedToo = event(late, "close");
    await session.Stream(late);
    await closedToo;
  });

  test("is destroyed where the client takes no part in streams", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.meet(ACKS);
    const source = new PassThrough();
    const closed = event(source, "close");
    const streamed = session.Stream(source);
    client.send("ENDPOINT_INFO", { version: 1, features: 0n });
    await assert.rejects(streamed, { code: "ERR_CRYO_NO_TRANSACTIONS" });
    await closed;
  });

  test("may fail before, which is the stream's failure", async (t) => {
    const { client, session } = await joined(t, { undelivered: "reject" });
    const source = new PassThrough();
    const streamed = session.Stream(source);
    const start = await client.nextOf("TX_START");
    const closed = new Promise((resolve) => source.once("close", resolve));
    source.destroy(new Error("too early"));
    await closed;
    client.send("ACK", { ack: start.ack });
    await assert.rejects(streamed, (error) => {
      assert.equal(error.code, "ERR_CRYO_STREAM_SOURCE");
      assert.equal(error.cause.message, "too early");
      return true;
    });
    assert.equal((await client.nextOf("TX_CANCEL")).txId, start.txId);
  });
});
