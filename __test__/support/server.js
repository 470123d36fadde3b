"use strict";

// A server of the package on a free port, and the clients of one test, all gone when the test is over.

const { cryo } = require("../..");
const { Clients } = require("./clients");
const { event, within } = require("./wait");

/** Accepts the token "tok" alone. */
const VALIDATOR = { validate: async (token) => token === "tok" };

class Harness {
  #clients = new Clients(() => ({ port: this.port, tls: this.secure }));

  /**
   * Starts a server and waits until it listens.
   *
   * @param {import("node:test").TestContext} t Ends it.
   * @param {object} [options] Those of `cryo()`; on a free port of the loopback.
   * @param {{ validate(token: string): any }} [validator]
   * @returns {Promise<Harness>}
   */
  static async start(t, options = {}, validator = VALIDATOR) {
    const where = "path" in options ? {} : { host: "127.0.0.1", port: 0 };
    const harness = new Harness(cryo(validator, { ...where, ...options }), Boolean(options.ssl));
    t.after(() => harness.stop());
    await event(harness.server, "listening");
    return harness;
  }

  constructor(server, secure) {
    this.server = server;
    this.secure = secure;
  }

  get port() {
    return this.server.http_server.address()?.port;
  }

  async stop() {
    this.#clients.destroy();
    await within(this.server.Destroy(), "Destroy()");
  }

  /** A connection on which nothing was said yet. @param {import("./client").ClientOptions} [options] */
  open(options) {
    return this.#clients.open(options);
  }

  /** A client whose upgrade was accepted. @param {import("./client").ClientOptions} [options] */
  connect(options) {
    return this.#clients.connect(options);
  }

  /** The status, headers and body that a request gets on a connection of its own. */
  async request(target, options, clientOptions) {
    const client = await this.open(clientOptions);
    return client.request(target, options);
  }

  /**
   * The server's session of that sid, once there is one.
   *
   * @param {bigint} sid
   * @returns {Promise<any>}
   */
  session(sid) {
    const arrival = new Promise((resolve) => {
      const listener = (session) => {
        if (session.sid !== sid) return;
        this.server.off("session", listener);
        resolve(session);
      };
      this.server.on("session", listener);
    });
    return within(arrival, `session ${sid}`);
  }

  /**
   * A session and the client at its other end, which has not said a word yet.
   *
   * @param {import("./client").ClientOptions} [options]
   * @returns {Promise<{ client: import("./client").Client, session: any }>}
   */
  async meet(options = {}) {
    const { sid = this.#clients.nextSid() } = options;
    const [session, client] = await Promise.all([this.session(sid), this.connect({ ...options, sid })]);
    return { client, session };
  }

  /** As `meet`, and both have announced themselves: the session is connected. */
  async join(options = {}) {
    const { client, session } = await this.meet(options);
    await Promise.all([event(session, "connected"), client.announce()]);
    return { client, session };
  }
}

/** A harness with one connected session. */
async function joined(t, options, clientOptions) {
  const harness = await Harness.start(t, options);
  return { harness, server: harness.server, ...(await harness.join(clientOptions)) };
}

/** What a server reports on its `error` event from now on, as `[message, session, where]`. */
function reports(server) {
  const list = [];
  server.on("error", (error, session, where) => list.push([error.message, session, where]));
  return list;
}

module.exports = { Harness, joined, reports };
