"use strict";

// A server in a process of its own, for clients that mean it no good, and a bystander: a session that must not notice
// them.

const assert = require("node:assert/strict");
const { setTimeout } = require("node:timers/promises");

const { Clients } = require("./clients");
const { assertUndisturbed, separate } = require("./healthy");
const { spawnApp } = require("./process");
const { until } = require("./wait");

const MIB = 1024 * 1024;
/** Whether round trips are judged, and nothing else. */
const MEASURED = process.env.CRYO_TEST_HOSTILE_P99 === "1";

/**
 * Echoes text, takes its time over what is binary, reads the stream "up", on "stream" and "flood" sends 4 and 100 MiB, and tells its memory when
 * asked. Its validator knows five tokens.
 */
function application({ cryo, send, argument }) {
  const piece = Buffer.alloc(64 * 1024);
  const later = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
  const answers = {
    tok: async () => true,
    slow: () => later(100, true),
    never: () => new Promise(() => {}),
    reject: () => Promise.reject(new Error("reject")),
    throw: () => {
      throw new Error("throw");
    },
  };
  const validate = (token) => answers[token]?.() ?? false;
  const server = cryo({ validate }, { port: 0, host: "127.0.0.1", ...argument });
  server.RegisterExtension({ name: "slow", on_receive_binary: () => later(5) });
  const flood = async (session) => {
    for (let n = 0; n < 1600; n++) {
      session.SendBinary(piece);
      if (n % 4 === 0) await new Promise(setImmediate);
    }
    session.SendUTF8("flooded");
  };
  server.on("listening", () => send({ port: server.http_server.address().port, pid: process.pid }));
  server.on("error", () => {}); // of the validator, and of streams that were broken off
  let sessions = 0;
  server.on("session", (session) => {
    sessions++;
    session.on("closed", () => sessions--);
    session.on("message-utf8", (text) => {
      if (text === "stream") session.Stream(Array(64).fill(piece), "down");
      else if (text === "flood") flood(session);
      else session.SendUTF8(text);
    });
    session.on("connected", async () => {
      const stream = await session.WaitForStream("up");
      stream.resume().on("error", () => {});
    });
  });
  let most = 0;
  const look = () => (most = Math.max(most, process.memoryUsage.rss()));
  setInterval(look, 50).unref();
  process.on("message", () => {
    look();
    send({ most, sessions });
    most = 0;
  });
}

class Victim {
  #app;
  #clients = new Clients(() => ({ port: this.port, tls: this.secure }));
  /** Its client. */
  bystander;

  /**
   * @param {import("node:test").TestContext} t Ends it.
   * @param {object} [options] Those of `cryo()`, as JSON can carry them.
   */
  static async start(t, options = {}) {
    const victim = new Victim(spawnApp(t, application, options), Boolean(options.ssl));
    t.after(() => victim.#clients.destroy());
    const { port, pid } = await victim.#app.next("the port");
    victim.port = port;
    if (MEASURED) separate(pid);
    victim.bystander = await victim.join();
    return victim;
  }

  constructor(app, secure) {
    this.#app = app;
    this.secure = secure;
  }

  /** A connection on which nothing was said yet. @param {Partial<import("./client").ClientOptions>} [options] */
  open(options) {
    return this.#clients.open(options);
  }

  /** The client of a connected session. It behaves unless `options` say otherwise. */
  join(options) {
    return this.#clients.join({ acks: true, pongs: true, ...options });
  }

  /** Waits until the bystander's is the only session. */
  async alone() {
    await until(async () => (await this.#figures()).sessions === 1, "the other sessions' end");
  }

  /**
   * Runs `attack`. Meanwhile the bystander is served, in order and without a loss, and the server's memory stays in
   * bounds.
   *
   * @param {import("node:test").TestContext} t Is told what it cost.
   * @param {() => Promise<unknown>} attack
   * @param {number} [allowed] What the server's resident memory may grow by, in bytes.
   */
  async endures(t, attack, allowed = 128 * MIB) {
    if (MEASURED) return assertUndisturbed(t, this, attack);
    const quiet = await this.#serves(setTimeout(200));
    await this.#figures();
    const before = (await this.#figures()).most;
    const busy = await this.#serves(attack());
    const grown = (await this.#figures()).most - before;
    const roundTrips = `median round trip ${quiet.toFixed(1)} ms before, ${busy.toFixed(1)} ms during`;
    t.diagnostic(`${roundTrips}; ${(grown / MIB).toFixed(0)} MiB more`);
    assert.ok(grown < allowed, `${grown / MIB} MiB more`);
  }

  /**
   * Lets the bystander talk to the server until `done`, and once more.
   *
   * @param {Promise<unknown>} done
   * @returns {Promise<number>} Its median round trip in ms.
   */
  async #serves(done) {
    let over = false;
    const end = done.finally(() => (over = true));
    end.catch(() => {}); // awaited below
    const times = [];
    for (let last = false, n = 0; !last; n++) {
      last = over;
      const start = performance.now();
      this.bystander.send("UTF8DATA", { payload: `round ${n}` });
      assert.equal((await this.bystander.nextOf("UTF8DATA")).payload, `round ${n}`);
      times.push(performance.now() - start);
      await setTimeout(2);
    }
    await end;
    return times.sort((a, b) => a - b)[times.length >> 1];
  }

  async #figures() {
    this.#app.tell("figures?");
    return this.#app.next("its figures");
  }
}

module.exports = { MIB, Victim };
