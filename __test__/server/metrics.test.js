"use strict";

// Metrics(): the Prometheus text format, read strictly, and figures that are right.

const assert = require("node:assert/strict");
const http = require("node:http");
const { describe, test } = require("node:test");

const { target } = require("../support/http");
const { Harness, joined } = require("../support/server");
const { head } = require("../support/violations");
const { deferred, event, until } = require("../support/wait");
const { encodeFrame } = require("../support/websocket");

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\n"])*"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\+Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);

/**
 * Reads an exposition as a strict reader of the format 0.0.4 would.
 *
 * @param {string} text
 * @returns {Map<string, { type: string, samples: Map<string, number> }>} Families by name; samples by name and labels.
 */
function parse(text) {
  assert.ok(text.endsWith("\n"), "the last line ends");
  const families = new Map();
  let family;
  for (const line of text.slice(0, -1).split("\n")) {
    const [, keyword, name, rest] = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line) ?? [];
    if (keyword === "HELP") {
      assert.ok(!families.has(name), `${name} is there twice`);
      family = { name, type: "", samples: new Map() };
      families.set(name, family);
    } else if (keyword === "TYPE") {
      assert.equal(name, family.name, "TYPE follows HELP");
      assert.match(rest, /^(counter|gauge|histogram)$/);
      family.type = rest;
    } else {
      const [, sample, labels = "", value] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
      const suffix = family.type === "histogram" ? "(_bucket|_sum|_count)" : "";
      assert.match(sample, new RegExp(`^${family.name}${suffix}$`));
      const key = `${sample.slice(family.name.length)}{${labels}}`;
      assert.ok(!family.samples.has(key), `${line} is there twice`);
      family.samples.set(key, Number(value.replace("+Inf", "Infinity")));
    }
  }
  return families;
}

/** @returns {number} A sample; 0 where there is none yet. */
const read = (server, name, key = "{}") => parse(server.Metrics()).get(name).samples.get(key) ?? 0;

/** Waits until a sample is what it should be: the other thread counts a little later. */
function reaches(server, name, key, value) {
  return until(() => read(server, name, key) === value, `${name}${key} to be ${value}`);
}

describe("Metrics()", () => {
  test("follows the text format, with the right prefix, units and suffixes", async (t) => {
    const { server } = await joined(t);
    for (const [name, { type, samples }] of parse(server.Metrics())) {
      assert.match(name, /^cryo_/);
      assert.equal(name.endsWith("_total"), type === "counter", name);
      if (type !== "histogram") continue;
      assert.match(name, /_seconds$/);
      const buckets = [...samples].filter(([key]) => key.startsWith("_bucket"));
      const bounds = buckets.map(([key]) => Number(/le="(.*)"/.exec(key)[1].replace("+Inf", "Infinity")));
      assert.deepEqual(bounds, bounds.toSorted?.((a, b) => a - b) ?? [...bounds].sort((a, b) => a - b));
      assert.equal(bounds.at(-1), Infinity);
      const counts = buckets.map(([, count]) => count);
      assert.ok(counts.every((count, i) => i === 0 || count >= counts[i - 1]), `${name} is cumulative`);
      assert.equal(counts.at(-1), samples.get("_count{}"));
    }
  });

  test("counts sessions, connections and handshakes by outcome", async (t) => {
    const harness = await Harness.start(t, { verifyOrigin: ["https://good.example"] });
    const { server } = harness;
    await harness.join();
    assert.equal((await harness.request(target(9n, "nope"))).status, 401);
    assert.equal((await harness.request(target(9n), { headers: { Origin: "https://bad.example" } })).status, 403);
    assert.equal((await harness.request("/")).status, 401);
    const gone = await harness.open();
    gone.destroy();
    for (const outcome of ["accepted", "invalid_token", "origin_refused", "no_auth", "abandoned"]) {
      await reaches(server, "cryo_handshakes_total", `{outcome="${outcome}"}`, 1);
    }
    await reaches(server, "cryo_connections", "{}", 1);
    assert.equal(read(server, "cryo_sessions"), 1);
    assert.equal(read(server, "cryo_handshakes_pending"), 0);
  });

  test("counts handshakes that wait for the validator", async (t) => {
    const asked = deferred();
    const answer = deferred();
    const validate = () => {
      asked.resolve();
      return answer.promise;
    };
    const harness = await Harness.start(t, {}, { validate });
    const connecting = harness.connect({ sid: 1n });
    await asked.promise;
    assert.equal(read(harness.server, "cryo_handshakes_pending"), 1);
    answer.resolve(true);
    await connecting;
    await reaches(harness.server, "cryo_handshakes_pending", "{}", 0);
  });

  test("counts frames and their bytes by type and direction, and round trips", async (t) => {
    const { server, client, session } = await joined(t, {}, { acks: true });
    const before = read(server, "cryo_rtt_seconds", "_count{}");
    const message = event(session, "message-utf8");
    client.send("UTF8DATA", { payload: "four" });
    await message;
    await session.SendBinary(Buffer.alloc(100));
    const frames = (direction, type) => read(server, "cryo_frames_total", `{direction="${direction}",type="${type}"}`);
    const bytes = (direction, type) => read(server, "cryo_frame_bytes_total", `{direction="${direction}",type="${type}"}`);
    assert.equal(frames("received", "UTF8DATA"), 1);
    assert.equal(bytes("received", "UTF8DATA"), 13 + 4);
    assert.equal(frames("sent", "BINARYDATA"), 1);
    assert.equal(bytes("sent", "BINARYDATA"), 13 + 100);
    assert.equal(frames("sent", "ENDPOINT_INFO"), 1);
    assert.equal(frames("received", "ENDPOINT_INFO"), 1);
    // What the client announced and what it said.
    assert.equal(bytes("sent", "ACK"), 13 * 2);
    assert.equal(read(server, "cryo_rtt_seconds", "_count{}"), before + 1);
    assert.ok(read(server, "cryo_event_handover_seconds", "_count{}") > 0);
  });

  test("counts queued and dropped messages and ignored frames", async (t) => {
    const ignored = await joined(t);
    ignored.client.write(encodeFrame(head(100)));
    ignored.client.send("TX_CHUNK", { txId: 9, seq: 0, payload: "of no stream" });
    for (const name of ["TX_FINISH", "TX_CANCEL"]) ignored.client.send(name, { txId: 9 });
    const message = event(ignored.session, "message-utf8");
    ignored.client.send("UTF8DATA", { payload: "this one is not" });
    await message;
    assert.equal(read(ignored.server, "cryo_frames_ignored_total"), 4);

    const backpressure = { highWaterMark: 1024, lowWaterMark: 512, maxQueuedBytes: 1 << 20, maxQueueCount: 4, dropPolicy: "drop-newest" };
    const { server, client, session } = await joined(t, { backpressure });
    client.pause();
    const payload = Buffer.alloc(64 * 1024);
    while (session.dropped < 3) {
      session.SendBinary(payload);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(read(server, "cryo_messages_dropped_total"), session.dropped);
    assert.equal(read(server, "cryo_queue_frames"), session.queued.frames);
    assert.equal(read(server, "cryo_queue_bytes"), session.queued.bytes);
    assert.ok(session.queued.frames > 0);
  });

  test("counts closed sessions by close code", async (t) => {
    const harness = await Harness.start(t);
    const { server } = harness;
    const leave = async (how) => {
      const { client, session } = await harness.join();
      const closed = event(session, "closed");
      how(client, session);
      await closed;
    };
    await leave((client) => client.close(1000));
    await leave((_, session) => session.Close());
    await leave((client) => client.close(3333));
    await leave((client) => client.close(3334));
    await leave((client) => client.reset());
    const samples = Object.fromEntries(parse(server.Metrics()).get("cryo_session_closes_total").samples);
    assert.deepEqual(samples, { '{code="1000"}': 1, '{code="1006"}': 1, '{code="4000"}': 1, '{code="other"}': 2 });
    await reaches(server, "cryo_sessions", "{}", 0);
  });

  test("keeps its figures after Destroy()", async (t) => {
    const { server } = await joined(t);
    await server.Destroy();
    assert.equal(read(server, "cryo_handshakes_total", '{outcome="accepted"}'), 1);
    assert.equal(read(server, "cryo_sessions"), 0);
  });

  test("can be served by a `request` listener of one line", async (t) => {
    const { server, port } = await Harness.start(t);
    // prettier-ignore
    server.http_server.on("request", (request, response) => response.setHeader("Content-Type", "text/plain; version=0.0.4").end(server.Metrics()));
    const [response] = await event(http.get({ port, path: "/metrics", agent: false }), "response");
    assert.equal(response.headers["content-type"], "text/plain; version=0.0.4");
    const text = Buffer.concat(await response.toArray()).toString();
    assert.ok(parse(text).has("cryo_sessions"));
  });
});
