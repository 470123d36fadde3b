"use strict";

// Sessions that follow each other with one sid: the older one's `closed` comes before the newer one's `session`, although receive hooks of the
// older one may take longer than its client needs to come back.

const assert = require("node:assert/strict");
const { AsyncLocalStorage } = require("node:async_hooks");
const { once } = require("node:events");
const { describe, test } = require("node:test");

const { Gate } = require("../support/gate");
const { Harness } = require("../support/server");
const { upload } = require("../support/transactions");
const { deferred, event, settled, within } = require("../support/wait");

const SID = 5n;
const EVENTS = ["connected", "message-utf8", "message-binary", "message-error", "closed"];

/** A server whose texts wait at a gate, what it emits of the sessions of `SID`, numbered, and the map that applications keep of them. */
class Stage {
  log = [];
  live = new Map();
  gate = new Gate();
  #marks = [];
  #count = 0;

  static async set(t, options) {
    const harness = await Harness.start(t, options);
    const stage = new Stage(harness);
    stage.witness = await harness.join();
    harness.server.RegisterExtension({ name: "gate", on_receive_utf8: stage.gate.hook });
    return stage;
  }

  constructor(harness) {
    this.harness = harness;
    harness.server.on("session", (session) => {
      if (session.sid === SID) this.#arrived(session, ++this.#count);
    });
  }

  /** The next client, which has sent a binary message, and a text that waits at the gate. */
  async visit(text) {
    const client = await this.harness.connect({ sid: SID });
    await client.announce();
    client.send("BINARYDATA", { payload: `before ${text}` });
    client.send("UTF8DATA", { payload: text });
    await client.roundTrip();
    return client;
  }

  /** What was emitted, once the application could have heard of all that clients have sent, and of their ends. */
  async soFar() {
    const message = event(this.witness.session, "message-binary");
    this.witness.client.send("BINARYDATA", { payload: "all there" });
    await message;
    return this.log;
  }

  /** Resolves when that was emitted. */
  async until(entry) {
    const mark = { entry, ...deferred() };
    if (!this.log.includes(entry)) this.#marks.push(mark);
    else mark.resolve();
    await within(mark.promise, entry);
  }

  #arrived(session, number) {
    this.#note(`session ${number}`);
    this.live.set(session.sid, number);
    session.on("closed", () => this.live.delete(session.sid));
    for (const name of EVENTS) session.on(name, (...args) => this.#note([name, number, ...args].join(" ")));
  }

  #note(entry) {
    this.log.push(entry);
    this.#marks.filter((mark) => mark.entry === entry).forEach(({ resolve }) => resolve());
  }
}

/** What is emitted of a visitor. */
const visit = (number, text) => [
  `session ${number}`,
  `connected ${number}`,
  `message-binary ${number} before ${text}`,
  `message-utf8 ${number} ${text}`,
];

const leave = async (client) => {
  client.close();
  await client.closed();
};

describe("a client that comes back while a hook has what it sent before", () => {
  for (const [title, options, end] of [
    ["after its close", {}, leave],
    ["in the place of its old connection", { onDuplicateSid: "replace" }, async () => {}],
  ]) {
    test(`${title}, gets its session behind closed of the old one, and no message is lost`, async (t) => {
      const stage = await Stage.set(t, options);
      const first = await stage.visit("one");
      first.send("ERROR", { payload: "waits" });
      await Promise.all([first.roundTrip(), stage.gate.reached("one")]);
      await end(first);
      const second = await stage.visit("two");
      second.send("ERROR", { payload: "last" });
      await second.roundTrip();
      const before = visit(1, "one");
      assert.deepEqual(await stage.soFar(), before.slice(0, -1));

      stage.gate.open("two");
      stage.gate.open("one");
      await stage.until("message-error 2 last");
      assert.deepEqual(stage.log, [...before, "message-error 1 waits", "closed 1", ...visit(2, "two"), "message-error 2 last"]);
      assert.equal(stage.live.get(SID), 2);
    });
  }

  test("and goes, and comes again, has all its sessions one after the other", async (t) => {
    const stage = await Stage.set(t);
    const texts = ["one", "two", "three"];
    for (const text of texts) await leave(await stage.visit(text));
    await stage.visit("four");
    assert.deepEqual(await stage.soFar(), visit(1, "one").slice(0, -1));
    for (const text of [...texts, "four"].reverse()) stage.gate.open(text);
    await stage.until("message-utf8 4 four");
    const past = texts.flatMap((text, n) => [...visit(n + 1, text), `closed ${n + 1}`]);
    assert.deepEqual(stage.log, [...past, ...visit(4, "four")]);
    assert.equal(stage.live.get(SID), 4);
  });

  test("waits no longer for it than closeTimeoutMs, and a hook of its own has that time again", async (t) => {
    const stage = await Stage.set(t, { closeTimeoutMs: 1000 });
    await leave(await stage.visit("never"));
    await leave(await stage.visit("slow"));
    await stage.until("closed 1");
    await stage.gate.reached("slow");
    await new Promise((resolve) => setTimeout(resolve, 50));
    stage.gate.open("slow");
    await stage.until("closed 2");
    assert.deepEqual(stage.log, [...visit(1, "never").slice(0, -1), "closed 1", ...visit(2, "slow"), "closed 2"]);
  });

  test("again and again, ends the wait for the oldest", async (t) => {
    const stage = await Stage.set(t, { closeTimeoutMs: 60_000 });
    for (let n = 1; n <= 9; n++) await leave(await stage.visit(`never ${n}`));
    assert.ok(!(await stage.soFar()).includes("closed 1"));
    await leave(await stage.visit("never 10"));
    await stage.until("message-binary 2 before never 2");
    assert.deepEqual(stage.log, [...visit(1, "never 1").slice(0, -1), "closed 1", ...visit(2, "never 2").slice(0, -1)]);
    for (let n = 2; n <= 10; n++) stage.gate.open(`never ${n}`);
    await stage.until("closed 10");
  });

  test("has a stream that it sent meanwhile", async (t) => {
    const stage = await Stage.set(t);
    await leave(await stage.visit("one"));
    const read = deferred();
    stage.harness.server.once("session", async (session) => {
      const stream = await session.WaitForStream("up");
      read.resolve(Buffer.concat(await stream.toArray()).toString());
    });
    const second = await stage.harness.connect({ sid: SID, acks: true });
    await second.announce();
    upload(second, 1, "up", [Buffer.from("in two "), Buffer.from("pieces")]);
    await second.roundTrip();
    stage.gate.open("one");
    assert.equal(await within(read.promise, "the stream"), "in two pieces");
  });

  test("is served as any other then: listeners may be attached after an await, and a store of the old session is not seen", async (t) => {
    const stage = await Stage.set(t);
    const { server } = stage.harness;
    const storage = new AsyncLocalStorage();
    const live = new Map();
    const [seen, done] = [[], deferred()];
    server.on("session", async (session) => {
      seen.push(storage.getStore());
      live.set(session.sid, session);
      storage.enterWith(`session ${seen.length}`);
      await null;
      session.on("message-utf8", () => storage.enterWith("the old one's"));
      for (const name of ["message-binary", "message-error"]) {
        const [value] = await once(session, name);
        seen.push(String(value));
      }
      done.resolve(storage.getStore());
    });
    server.on("session", async (session) => {
      await once(session, "closed");
      live.delete(session.sid);
    });
    await leave(await stage.visit("one"));
    const second = await stage.harness.connect({ sid: SID });
    second.send("BINARYDATA", { payload: "first" });
    second.send("ERROR", { payload: "next" });
    await second.roundTrip();
    await stage.soFar();
    stage.gate.open("one");
    assert.equal(await within(done.promise, "both messages"), "session 3");
    assert.deepEqual(seen, [undefined, "before one", undefined, "first", "next"]);
    assert.equal(live.size, 1);
  });

  test("does not wait where the hook has another client's message", async (t) => {
    const stage = await Stage.set(t);
    await leave(await stage.visit("one"));
    const other = await stage.harness.join();
    assert.equal(await settled(stage.until("closed 1")), false);
    const message = event(other.session, "message-binary");
    other.client.send("BINARYDATA", { payload: "free" });
    await message;
    stage.gate.open("one");
    await stage.until("closed 1");
  });
});
