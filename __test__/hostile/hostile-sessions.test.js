"use strict";

// After authentication: what one client can do to the others, and to the server's memory.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { setTimeout } = require("node:timers/promises");

const { noise } = require("../support/transactions");
const { MIB, Victim } = require("../support/victim");
const { UNINTELLIGIBLE, VIOLATIONS } = require("../support/violations");
const { OPCODES, encodeFrame } = require("../support/websocket");

/** Writes `bytes` that many times; the next once the kernel has taken the one before, of which `taken` is told. */
async function pour(client, bytes, times, taken = () => {}) {
  for (let n = 0; n < times && !client.socket.destroyed; n++) {
    await new Promise((resolve) => client.socket.write(bytes, resolve));
    taken();
  }
}

/** Many frames in one write. */
const many = (count, frame) => Buffer.concat(Array.from({ length: count }, (_, index) => frame(index)));

/** Waits until the server has handled what `client` sent before. */
async function settle(client) {
  client.send("UTF8DATA", { payload: "settled?" });
  while ((await client.nextOf("UTF8DATA")).payload !== "settled?");
}

/**
 * Writes `bytes` until the server takes no more than it is done with, for as long as another client's questions take, which it answers meanwhile:
 * on a slow machine that is longer. Then resets the connection.
 *
 * @param {() => number} [done] How many of these writes the server is done with so far.
 */
async function assertPauses(victim, client, bytes, done = () => 0) {
  const [times, questions] = [400, 200];
  let taken = 0;
  const all = pour(client, bytes, times, () => taken++);
  const other = await victim.join();
  for (let [before, ahead] = [-2, 0]; ahead > before + 1; ) {
    before = taken - done();
    for (let n = 0; n < questions; n++) await settle(other);
    assert.ok(taken < times, "the server reads on and on");
    ahead = taken - done();
  }
  for (const each of [client, other]) each.reset();
  await all;
}

describe("a flood of", () => {
  const rows = {
    "ACKs of numbers that were never sent": (client) => many(2000, (ack) => client.message("ACK", { ack: ack * 7919 })),
    "ACKs of one number": (client) => many(2000, () => client.message("ACK", { ack: 0 })),
    pings: (client) => many(2000, (ack) => client.message("PING_PONG", { ack, payload: "ping" })),
    "WebSocket pings": () => many(2000, () => encodeFrame(Buffer.alloc(125), { opcode: OPCODES.PING })),
    "announcements": (client) => many(1000, () => client.message("ENDPOINT_INFO", { version: 1, features: 1n })),
    "chunks, ends and cancels of no stream": (client) =>
      many(500, (txId) =>
        Buffer.concat([
          client.message("TX_CHUNK", { txId, seq: 0, payload: Buffer.alloc(100) }),
          client.message("TX_FINISH", { txId }),
          client.message("TX_CANCEL", { txId }),
        ]),
      ),
    "fetches of no stream": (client) =>
      many(1000, (txId) => client.message("TX_FETCH", { txId, start: 0, end: 0xffffffff })),
    "streams that nobody waits for": (client) =>
      many(2000, (txId) => client.message("TX_START", { txId, byteLength: -1, streamName: "flood" })),
    "streams with a number that is in use": (client) =>
      many(2000, () => client.message("TX_START", { txId: 1, byteLength: -1, streamName: "flood" })),
  };
  for (const [title, bytes] of Object.entries(rows)) {
    test(title, async (t) => {
      const victim = await Victim.start(t);
      await victim.endures(t, async () => {
        const client = await victim.join({ acks: false });
        await pour(client, bytes(client), 50);
        await settle(client);
      });
    });
  }

  for (const [title, bytes] of [
    ["pings", (client) => many(4000, (ack) => client.message("PING_PONG", { ack, payload: "ping" }))],
    ["WebSocket pings", () => many(4000, () => encodeFrame(Buffer.alloc(125), { opcode: OPCODES.PING }))],
    ["messages", (client) => many(4000, (ack) => client.message("ERROR", { ack, payload: "" }))],
  ]) {
    test(`${title} from a client that does not read`, async (t) => {
      const victim = await Victim.start(t, { backpressure: "optimize_memory" });
      await victim.endures(t, async () => {
        const client = await victim.join({ acks: false });
        client.pause();
        await assertPauses(victim, client, bytes(client));
      }, 64 * MIB);
      await victim.alone();
    });
  }
});

test("messages that come faster than a hook takes them", async (t) => {
  const victim = await Victim.start(t);
  await victim.endures(t, async () => {
    const client = await victim.join();
    const bytes = many(64, () => client.message("BINARYDATA", { payload: Buffer.alloc(16 * 1024) }));
    let acks = 0;
    // Sent behind the hook.
    const done = () => (acks += client.frames.take().filter(({ name }) => name === "ACK").length) / 64;
    await assertPauses(victim, client, bytes, done);
  }, 64 * MIB);
  await victim.alone();
});

test("violations of WebSocket and of the protocol, by three clients each at once", async (t) => {
  const victim = await Victim.start(t, { closeTimeoutMs: 300 });
  const violations = [
    ...Object.values(VIOLATIONS).map(([code, ...frames]) => [code, Buffer.concat(frames)]),
    ...Object.values(UNINTELLIGIBLE).map((frame) => [4001, encodeFrame(frame)]),
  ];
  await victim.endures(t, () =>
    Promise.all(
      [...violations, ...violations, ...violations].map(async ([code, bytes]) => {
        const client = await victim.join();
        client.write(bytes);
        assert.equal((await client.closed()).code, code);
      }),
    ),
  256 * MIB);
  await victim.alone();
});

test("a hundred clients that fall silent, some in the middle of a stream", async (t) => {
  const victim = await Victim.start(t, { keepAliveIntervalMs: 1000 });
  await victim.endures(t, async () => {
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const client = await victim.join({ closes: false });
        if (index % 5 === 0) {
          client.send("UTF8DATA", { payload: "stream" });
          await client.nextOf("TX_CHUNK");
        }
        client.pause();
      }),
    );
    // The heartbeat ends them meanwhile, as it does one that reads.
    const last = await victim.join();
    last.habits.pongs = false;
    assert.equal((await last.closed()).code, 4000);
  });
  await victim.alone();
});

test("messages in fragments of one byte, from many clients", async (t) => {
  const victim = await Victim.start(t);
  await victim.endures(t, () =>
    Promise.all(
      Array.from({ length: 10 }, async () => {
        const client = await victim.join();
        for (let n = 0; n < 10; n++) {
          const bytes = client.encode("UTF8DATA", { payload: "x".repeat(1000) });
          client.write(
            many(bytes.length, (at) => {
              const opcode = at === 0 ? OPCODES.BINARY : OPCODES.CONTINUATION;
              return encodeFrame(bytes.subarray(at, at + 1), { opcode, fin: at === bytes.length - 1 });
            }),
          );
          assert.equal((await client.nextOf("UTF8DATA")).payload.length, 1000);
        }
      }),
    ),
  );
});

test("messages of 16 MiB from many clients at once", async (t) => {
  const victim = await Victim.start(t);
  const clients = 8;
  const size = 16 * MIB;
  // Each may have one that is being put together and one on its way to the application, whose Buffer is a copy.
  await victim.endures(
    t,
    () =>
      Promise.all(
        Array.from({ length: clients }, async () => {
          const client = await victim.join();
          const ack = client.send("BINARYDATA", { payload: Buffer.alloc(size) });
          while ((await client.nextOf("ACK", 60_000)).ack !== ack);
        }),
      ),
    3 * clients * size + 128 * MIB,
  );
});

describe("a client that acknowledges nothing", () => {
  test("costs memory for numbers, not for payloads", async (t) => {
    const victim = await Victim.start(t);
    await victim.endures(t, async () => {
      const client = await victim.join({ acks: false });
      for (let n = 0; n < 2; n++) {
        client.send("UTF8DATA", { payload: "flood" });
        while ((await client.nextOf("UTF8DATA", 60_000)).payload !== "flooded");
        client.frames.take();
      }
    }, 160 * MIB);
  });
});

describe("a client that resets its connection", () => {
  const payload = noise(1000);
  const upload = (client) => [
    client.message("TX_START", { txId: 1, byteLength: -1, streamName: "up" }),
    client.message("TX_CHUNK", { txId: 1, seq: 0, payload }),
    client.message("TX_CHUNK", { txId: 1, seq: 1, payload }),
    client.message("TX_FINISH", { txId: 1 }),
  ];

  test("at any step of its upload", async (t) => {
    const victim = await Victim.start(t);
    await victim.endures(t, async () => {
      for (let steps = 0; steps <= 4; steps++) {
        // In the middle of a frame, too.
        for (const half of [false, true]) {
          const client = await victim.join();
          const frames = upload(client);
          if (half) frames.splice(steps, 4, frames[steps % 4].subarray(0, 9));
          client.write(Buffer.concat(frames.slice(0, steps + half)));
          await setTimeout(5);
          client.reset();
          await client.closed();
        }
      }
    });
    await victim.alone();
  });

  test("at any step of the server's stream", async (t) => {
    const victim = await Victim.start(t);
    await victim.endures(t, async () => {
      const steps = [
        ["TX_START", { acks: false }],
        ["TX_CHUNK", {}],
        ["TX_FINISH", { acks: false }],
        ["TX_FINISH", {}],
      ];
      for (const [name, habits] of steps) {
        const client = await victim.join(habits);
        client.send("UTF8DATA", { payload: "stream" });
        const start = await client.nextOf("TX_START");
        if (!habits.acks) client.send("ACK", { ack: start.ack });
        if (name !== "TX_START") await client.nextOf(name);
        client.reset();
        await client.closed();
      }
    });
    await victim.alone();
  });
});
