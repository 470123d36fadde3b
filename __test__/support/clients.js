"use strict";

// Clients that go by themselves: those of one server, which all go together, and one that goes with its test.

const { Client } = require("./client");

/** Session ids, from 1 on. */
function* sids() {
  for (let sid = 1n; ; sid++) yield sid;
}

class Clients {
  #all = [];
  #defaults;
  #sids;

  /**
   * @param {() => Partial<import("./client").ClientOptions>} defaults Asked for each client: what its own options leave out.
   * @param {Iterator<bigint>} [numbers] Where their session ids come from.
   */
  constructor(defaults, numbers = sids()) {
    this.#defaults = defaults;
    this.#sids = numbers;
  }

  /** A session id that no client has had yet. */
  nextSid() {
    return this.#sids.next().value;
  }

  /** A connection on which nothing was said yet. @param {Partial<import("./client").ClientOptions>} [options] */
  async open(options = {}) {
    const client = await Client.open({ ...this.#defaults(), ...options, sid: options.sid ?? this.nextSid() });
    this.#all.push(client);
    return client;
  }

  /** A client whose upgrade was accepted. @param {Partial<import("./client").ClientOptions>} [options] */
  async connect(options = {}) {
    const client = await this.open(options);
    await client.upgrade(options.token);
    return client;
  }

  /** As `connect`, and both sides have announced themselves. @param {Partial<import("./client").ClientOptions>} [options] */
  async join(options) {
    const client = await this.connect(options);
    await client.announce();
    return client;
  }

  destroy() {
    for (const client of this.#all) client.destroy();
  }
}

/**
 * A client whose upgrade was accepted, of a server that is none of the test's own objects.
 *
 * @param {import("node:test").TestContext} t Ends it.
 * @param {import("./client").ClientOptions} options
 */
async function connect(t, options) {
  const client = await Client.connect(options);
  t.after(() => client.destroy());
  return client;
}

/** As `connect`, and both sides have announced themselves. */
async function join(t, options) {
  const client = await connect(t, options);
  await client.announce();
  return client;
}

module.exports = { Clients, connect, join, sids };
