"use strict";

// A server in a process of its own, for clients that mean it no good, and a bystander: a session that must not notice
// them.

const assert = require("node:assert/strict");
const { setTimeout } = require("node:timers/promises");

const { Client } = require("./client");
const { spawnApp } = require("./process");

const MIB = 1024 * 1024;

/** Echoes text, reads the stream "up", on "stream" and "flood" sends 4 and 100 MiB, and tells its memory when asked. */
function application({ cryo, send, argument }) {
  const piece = Buffer.alloc(64 * 1024);
  const server = cryo({ validate: async (token) => token === "tok" }, { port: 0, host: "127.0.0.1", ...argument });
  const flood = async (session) => {
    for (let n = 0; n < 1600; n++) {
      session.SendBinary(piece);
      if (n % 16 === 0) await new Promise(setImmediate);
    }
    session.SendUTF8("flooded");
  };
  server.on("listening", () => send(server.http_server.address().port));
  server.on("error", () => {}); // of streams that were broken off
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
  #clients = [];
  #nextSid = 1n;
  #bystander;

  /**
   * @param {import("node:test").TestContext} t Ends it.
   * @param {object} [options] Those of `cryo()`, as JSON can carry them.
   */
  static async start(t, options = {}) {
    const victim = new Victim(spawnApp(t, application, options), Boolean(options.ssl));
    t.after(() => victim.#clients.forEach((client) => client.destroy()));
    victim.port = await victim.#app.next("the port");
    victim.#bystander = await victim.join();
    return victim;
  }

  constructor(app, secure) {
    this.#app = app;
    this.secure = secure;
  }

  /** A connection on which nothing was said yet. @param {Partial<import("./client").ClientOptions>} [options] */
  async open(options = {}) {
    return this.#keep(await Client.open(this.#complete(options)));
  }

  /** The client of a connected session. It behaves unless `options` say otherwise. */
  async join(options = {}) {
    const client = this.#keep(await Client.connect(this.#complete({ acks: true, pongs: true, ...options })));
    await client.announce();
    return client;
  }

  /** Waits until the bystander's is the only session. */
  async alone() {
    while ((await this.#figures()).sessions > 1) await setTimeout(50);
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
      this.#bystander.send("UTF8DATA", { payload: `round ${n}` });
      assert.equal((await this.#bystander.nextOf("UTF8DATA")).payload, `round ${n}`);
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

  #keep(client) {
    this.#clients.push(client);
    return client;
  }

  #complete(options) {
    return { port: this.port, tls: this.secure, sid: this.#nextSid++, ...options };
  }
}

module.exports = { MIB, Victim };
