"use strict";

// Before authentication: hundreds that never finish, and some that break off wherever they can, beside a session that
// is served.

const assert = require("node:assert/strict");
const { randomBytes } = require("node:crypto");
const { describe, test } = require("node:test");
const { setTimeout } = require("node:timers/promises");

const certificate = require("../support/certs");
const { requestHead, target } = require("../support/http");
const { Victim } = require("../support/victim");
const { encodeFrame } = require("../support/websocket");

const SSL = { key: String(certificate.key), cert: String(certificate.cert) };
const HASTE = { handshakeTimeoutMs: 1000 };

/** That many at once. */
const crowd = (count, each) => Promise.all(Array.from({ length: count }, (_, index) => each(index)));

for (const [transport, options] of [["plain", {}], ["TLS", { ssl: SSL }]]) {
  const count = options.ssl ? 60 : 300;

  describe(`over ${transport}`, () => {
    test(`${count} heads that drip are cut off at the deadline`, async (t) => {
      const victim = await Victim.start(t, { ...HASTE, ...options });
      await victim.endures(t, () =>
        crowd(count, async () => {
          const client = await victim.open();
          const gone = client.closed().then(() => true);
          client.write("GET / HTTP/1.1\r\n");
          while (!(await Promise.race([gone, setTimeout(100, false)]))) client.write("X: y\r\n");
        }),
      );
    });

    test("a connection that is reset at any byte of its upgrade, and right behind it", async (t) => {
      const victim = await Victim.start(t, options);
      const upgrade = (sid) => Buffer.concat([Buffer.from(requestHead(target(sid))), encodeFrame(Buffer.from("early"))]);
      const step = options.ssl ? 23 : 7;
      const cuts = Array.from({ length: Math.ceil(upgrade(1n).length / step) }, (_, index) => index * step);
      await victim.endures(t, async () => {
        for (const cut of cuts) {
          const client = await victim.open();
          client.write(upgrade(client.sid).subarray(0, cut));
          // Every other one as soon as the kernel has it, the rest once the server has most likely read it.
          if (cut % 2 === 0) await setTimeout(2);
          client.reset();
          await client.closed();
        }
      });
      await victim.alone();
    });
  });
}

test("connections that say nothing don't keep others out for longer than the deadline", async (t) => {
  const victim = await Victim.start(t, { ...HASTE, maxPendingHandshakes: 100 });
  await victim.endures(t, async () => {
    await crowd(400, async () => (await victim.open()).closed());
    await victim.join();
  });
});

describe("on a TLS port", () => {
  const hello = Buffer.from("160301020001000", "hex");
  const rows = {
    "random bytes": () => randomBytes(4096),
    "plain HTTP": (sid) => requestHead(target(sid)),
    "half of a ClientHello": () => Buffer.concat([hello, Buffer.alloc(100)]),
    "a record longer than any may be": () => Buffer.from([22, 3, 1, 0xff, 0xff, ...randomBytes(500)]),
    "an alert": () => Buffer.from([21, 3, 3, 0, 2, 2, 40]),
    "application data": () => Buffer.concat([Buffer.from([23, 3, 3, 0x40, 0]), randomBytes(0x4000)]),
  };
  for (const [title, bytes] of Object.entries(rows)) {
    test(`${title} instead of a handshake`, async (t) => {
      const victim = await Victim.start(t, { ...HASTE, ssl: SSL });
      await victim.endures(t, () =>
        crowd(30, async () => {
          const client = await victim.open({ tls: false });
          client.write(bytes(client.sid));
          await client.closed();
        }),
      );
    });
  }

  test("garbage behind the handshake ends the session", async (t) => {
    const victim = await Victim.start(t, { ssl: SSL });
    await victim.endures(t, async () => {
      const client = await victim.join();
      client.transport.write(randomBytes(2000));
      await client.closed();
    });
    await victim.alone();
  });
});

/** What a request is answered with, by its target and the rest of it. */
const REFUSED = [
  [() => "/", 401],
  [(sid) => `/?x-cryo-sid=${sid}`, 401],
  [(sid) => `/?authorization=BearerXtok&x-cryo-sid=${sid}`, 401],
  [(sid) => target(sid, "no"), 401],
  [() => target("garbage"), 400],
  [() => target("1e3"), 400],
  [() => target(-1n), 400],
  [() => target(2n ** 64n), 400],
  [() => "*:99999", 400],
  [(sid) => target(sid, "throw"), 503],
  [(sid) => target(sid, "reject"), 503],
  [(sid) => target(sid), 426, { headers: { Upgrade: undefined, Connection: undefined } }],
  [(sid) => target(sid), 426, { headers: { Upgrade: undefined, Connection: undefined, "Content-Length": "1000" }, method: "POST" }],
];

test("requests of every kind that is refused", async (t) => {
  const victim = await Victim.start(t);
  await victim.endures(t, () =>
    crowd(REFUSED.length * 20, async (index) => {
      const [targetFor, expected, options] = REFUSED[index % REFUSED.length];
      const client = await victim.open();
      const { status } = await client.request(targetFor(client.sid), options);
      assert.equal(status, expected, targetFor(client.sid));
      await client.closed();
    }),
  );
});

test("200 validators that never settle keep nobody waiting but their own clients", async (t) => {
  const victim = await Victim.start(t, HASTE);
  await victim.endures(t, () =>
    crowd(200, async (index) => {
      const client = await victim.open();
      const answer = client.request(target(client.sid, "never"));
      // Some are gone before the deadline.
      if (index % 2 === 0) return assert.equal((await answer).status, 408);
      answer.catch(() => {});
      await setTimeout(50);
      client.reset();
      await client.closed();
    }),
  );
});

test("refused clients that keep their connections open", async (t) => {
  const victim = await Victim.start(t);
  await victim.endures(t, () =>
    crowd(100, async () => {
      const client = await victim.open({ closes: false });
      assert.equal((await client.request(target(client.sid, "no"))).status, 401);
      const gone = client.closed().then(() => true);
      while (!(await Promise.race([gone, setTimeout(100, false)]))) client.write("still here\r\n");
    }),
  );
});

test("200 clients with one sid, of which one is accepted", async (t) => {
  const victim = await Victim.start(t);
  await victim.endures(t, async () => {
    const clients = await crowd(200, () => victim.open());
    const answers = await Promise.all(clients.map((client) => client.request(target(clients[0].sid, "slow"))));
    const counts = [101, 401].map((status) => answers.filter((answer) => answer.status === status).length);
    assert.deepEqual(counts, [1, 199]);
  });
});

test("clients with the sid of an open session", async (t) => {
  const victim = await Victim.start(t);
  await victim.endures(t, () =>
    crowd(100, async () => {
      const client = await victim.open();
      assert.equal((await client.request(target(victim.bystander.sid))).status, 401);
      await client.closed();
    }),
  );
});

test("300 half-open connections, at every stage", async (t) => {
  const victim = await Victim.start(t, HASTE);
  await victim.endures(t, () =>
    crowd(300, async (index) => {
      const client = await victim.open({ closes: false });
      const head = requestHead(target(client.sid));
      const stages = ["", head.slice(0, 40), requestHead(target(client.sid, "never")), head];
      client.write(stages[index % stages.length]);
      if (index % stages.length === 3) await client.response();
      // Nothing more comes from here, but all that comes is taken.
      client.socket.end();
      await client.closed();
    }),
  );
  await victim.alone();
});
