"use strict";

// Slow readers: what waits for them, what they lose, what they never lose.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { caughtUp } = require("../support/pair");
const { joined } = require("../support/server");
const { event, settled, until, within } = require("../support/wait");

const KIB = 1024;
const BLOCK = "x".repeat(64 * KIB);

/** More than the kernel's buffers on both sides of a loopback connection take. */
const STUCK_BYTES = 16 * KIB * KIB;

/** Small limits, so that whatever the kernel does not take reaches them. */
const LIMITS = { highWaterMark: 64 * KIB, lowWaterMark: 16 * KIB, maxQueuedBytes: 1024 * KIB, maxQueueCount: 8 };

/** Lets what was sent reach the session's queue. */
const turn = () => new Promise(setImmediate);

/**
 * Stops the client's reading, and sends until the session's socket takes no more. Those messages don't count any more.
 *
 * @returns {Promise<number>} How many messages that took.
 */
async function stick({ session, client }) {
  client.pause();
  let count = 0;
  // A message that waits as a frame is one that the socket did not take.
  while (session.queued.frames === 0) {
    session.SendBinary(Buffer.from(`filler ${count++} ${BLOCK}`));
    await turn();
    assert.ok(count * BLOCK.length < STUCK_BYTES, "the socket takes everything");
  }
  return count;
}

/** The payloads of all messages up to, and without, the ERROR that says "end". */
async function rest({ client, session }) {
  session.SendError("end");
  client.resume();
  const list = [];
  for (;;) {
    const { name, payload } = await client.next();
    if (name === "ERROR" && payload === "end") return list.filter((text) => !text.startsWith("filler"));
    if (name.endsWith("DATA")) list.push(name === "BINARYDATA" ? payload.toString("latin1", 0, 20) : payload);
  }
}

/** A session that is stuck with at least one filler in its queue, and what its `dropped` events add up to. */
async function stuck(t, options, clientOptions) {
  const pair = await joined(t, { backpressure: LIMITS, ...options }, clientOptions);
  let told = 0;
  pair.session.on("dropped", (messages) => (told += messages));
  await stick(pair);
  return { ...pair, told: () => told };
}

/** Numbers from `first` to `last` as texts. */
const numbers = (first, last) => Array.from({ length: last - first + 1 }, (_, n) => String(first + n));

const SPELLINGS = {
  "a profile": "optimize_memory",
  "upper case": { HIGH_WATERMARK: 64 * KIB, LOW_WATERMARK: 16 * KIB, MAX_QUEUED_BYTES: 1024 * KIB, MAX_QUEUE_SIZE: 256 },
  "camel case": { ...LIMITS, maxQueueCount: 256 },
};

for (const [title, backpressure] of Object.entries(SPELLINGS)) {
  test(`a slow reader gets all that fits the queue, in order: ${title}`, async (t) => {
    const pair = await joined(t, { backpressure }, { acks: true });
    const { session, client } = pair;
    const fillers = await stick(pair);
    const sends = [];
    for (let n = 0; n < 200; n++) sends.push(session.SendUTF8(`${n}`));
    await turn();
    assert.ok(session.queued.frames >= 200);
    assert.ok(session.queued.bytes > 0);
    client.resume();
    for (let n = 0; n < fillers; n++) assert.match((await client.nextOf("BINARYDATA")).payload.toString("latin1", 0, 20), new RegExp(`^filler ${n} `));
    for (let n = 0; n < 200; n++) assert.equal((await client.nextOf("UTF8DATA")).payload, String(n));
    await within(Promise.all(sends), "the ACKs");
    assert.deepEqual([session.queued, session.dropped], [{ bytes: 0, frames: 0 }, 0]);
  });
}

describe("a queue that is full", () => {
  test("drop-oldest drops the oldest messages", async (t) => {
    const pair = await stuck(t);
    const { session, told } = pair;
    for (const text of numbers(1, 100)) session.SendUTF8(text);
    await turn();
    assert.equal(session.queued.frames, LIMITS.maxQueueCount);
    await until(() => told() === session.dropped, "the event dropped");
    assert.ok(session.dropped >= 100 - LIMITS.maxQueueCount);
    assert.deepEqual(await rest(pair), numbers(101 - LIMITS.maxQueueCount, 100));
  });

  test("drop-newest drops the new messages", async (t) => {
    const pair = await stuck(t, { backpressure: { ...LIMITS, dropPolicy: "drop-newest" } });
    const { session, told } = pair;
    const room = LIMITS.maxQueueCount - session.queued.frames;
    for (const text of numbers(1, 100)) session.SendUTF8(text);
    await until(() => told() === 100 - room, "the event dropped");
    assert.equal(session.dropped, 100 - room);
    assert.deepEqual(await rest(pair), numbers(1, room));
  });

  test("dedupe-latest moves the same text to the end, then drops the oldest of the type", async (t) => {
    const pair = await stuck(t, { backpressure: { ...LIMITS, dropPolicy: "dedupe-latest" } });
    const { session } = pair;
    // Only as many as there is room for, so that it is clear which one goes for what.
    const room = LIMITS.maxQueueCount - session.queued.frames;
    for (const text of numbers(1, room)) session.SendUTF8(text);
    session.SendUTF8("2");
    await turn();
    assert.equal(session.dropped, 1);
    session.SendUTF8("one more");
    await turn();
    assert.equal(session.dropped, 2);
    assert.deepEqual(await rest(pair), [...numbers(3, room), "2", "one more"]);
  });

  test("the limit in bytes is kept as that in messages is", async (t) => {
    const { session } = await stuck(t, { backpressure: { ...LIMITS, maxQueueCount: 1000 } });
    for (let n = 0; n < 100; n++) session.SendUTF8(BLOCK);
    await turn();
    const socket = LIMITS.highWaterMark + BLOCK.length + KIB;
    assert.ok(session.queued.bytes <= LIMITS.maxQueuedBytes + socket, `${session.queued.bytes} bytes`);
    assert.ok(session.queued.bytes > LIMITS.maxQueuedBytes - BLOCK.length, "it is used");
  });

  test("ERROR, ACK and pong are never dropped", async (t) => {
    const { session, client } = await stuck(t);
    const errors = numbers(1, 50);
    for (const error of errors) session.SendError(error);
    const ack = client.send("UTF8DATA", { payload: "hello" });
    client.send("PING_PONG", { ack: 4711, payload: "ping" });
    await event(session, "message-utf8");
    client.resume();
    const [got, acks, pongs] = [[], [], []];
    while (got.length < errors.length || acks.length < 1 || pongs.length < 1) {
      const frame = await client.next();
      if (frame.name === "ERROR") got.push(frame.payload);
      if (frame.name === "ACK") acks.push(frame.ack);
      if (frame.name === "PING_PONG" && frame.payload === "pong") pongs.push(frame.ack);
    }
    assert.deepEqual([got, acks, pongs], [errors, [ack], [4711]]);
  });

  test("an empty queue admits a message above every limit", async (t) => {
    const backpressure = { highWaterMark: 1, lowWaterMark: 0, maxQueuedBytes: 1, maxQueueCount: 1 };
    const pair = await joined(t, { backpressure }, { acks: true });
    const sends = [];
    for (let n = 0; n < 50; n++) sends.push(pair.session.SendUTF8(`${n} ${BLOCK}`));
    await within(Promise.all(sends), "the ACKs: this reader is not slow");
    assert.equal(pair.session.dropped, 0);
  });
});

describe("what becomes of the promise of a dropped message", () => {
  test("it stays pending", async (t) => {
    const { client, session, told } = await stuck(t);
    const first = session.SendUTF8("dropped");
    for (let n = 0; n < 20; n++) session.SendUTF8(`${n}`);
    await until(() => told() >= 13, "the event dropped");
    await caughtUp({ client, session });
    assert.equal(await settled(first), false);
  });

  test('it rejects with undelivered "reject", and those of the others resolve', async (t) => {
    const pair = await stuck(t, { undelivered: "reject" }, { acks: true });
    const sends = numbers(1, 100).map((text) => pair.session.SendUTF8(text));
    await turn();
    await rest(pair);
    const outcomes = await within(Promise.allSettled(sends), "all sends");
    const kept = outcomes.filter(({ status }) => status === "fulfilled");
    assert.equal(kept.length, LIMITS.maxQueueCount);
    assert.deepEqual(outcomes.slice(-LIMITS.maxQueueCount), kept, "the last ones");
    for (const { reason } of outcomes.slice(0, -LIMITS.maxQueueCount)) assert.equal(reason.code, "ERR_CRYO_DROPPED");
  });
});

test("a burst at the start of a session does not count as a slow reader", async (t) => {
  const pair = await joined(t, { backpressure: LIMITS });
  const { server, harness } = pair;
  server.once("session", (session) => {
    for (const text of numbers(1, 1000)) session.SendUTF8(text);
  });
  const client = await harness.connect();
  for (const text of numbers(1, 1000)) assert.equal((await client.nextOf("UTF8DATA")).payload, text);
});

test("a burst in one turn does not count as a slow reader", async (t) => {
  const { session, client } = await joined(t, { backpressure: { ...LIMITS, highWaterMark: 1024, lowWaterMark: 0 } });
  for (const text of numbers(1, 5000)) session.SendUTF8(text);
  for (const text of numbers(1, 5000)) assert.equal((await client.nextOf("UTF8DATA")).payload, text);
  assert.equal(session.dropped, 0);
});

describe("a hook that is slower than the application", () => {
  const FAST = { highWaterMark: 64 * KIB, lowWaterMark: 0, maxQueuedBytes: 1000, maxQueueCount: 4 };
  for (const [dropPolicy, expected] of [["drop-oldest", ["0", "16", "17", "18", "19"]], ["drop-newest", ["0", "1", "2", "3", "4"]]]) {
    test(`costs messages, not memory: ${dropPolicy}`, async (t) => {
      const { server, session, client } = await joined(t, { backpressure: { ...FAST, dropPolicy }, undelivered: "reject" }, { acks: true });
      let open;
      const gate = new Promise((resolve) => (open = resolve));
      server.RegisterExtension({ name: "slow", before_send_utf8: () => gate });
      const sends = Array.from({ length: 20 }, (_, n) => session.SendUTF8(`${n}`));
      assert.deepEqual([session.queued.frames, session.dropped], [4, 15]);
      const [dropped] = await event(session, "dropped");
      assert.equal(dropped, 15);
      open();
      for (const text of expected) assert.equal((await client.nextOf("UTF8DATA")).payload, text);
      const outcomes = await within(Promise.allSettled(sends), "all sends");
      assert.deepEqual(outcomes.filter(({ reason }) => reason?.code === "ERR_CRYO_DROPPED").length, 15);
      assert.equal(session.queued.frames, 0);
    });
  }
});
