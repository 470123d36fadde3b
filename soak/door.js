"use strict";

// A guest's way in: clients of one server that are all gone when the visit is over.

const { Client } = require("../__test__/support/client");

let nextSid = 1n;

class Door {
  #target;
  #clients = [];

  /** @param {{ port: number, tls: boolean }} target */
  constructor(target) {
    this.#target = target;
  }

  /** A connection on which nothing was said yet. */
  open(options) {
    return this.#keep(Client.open(this.#complete(options)));
  }

  /** A client whose upgrade was accepted. It behaves unless `options` say otherwise. */
  connect(options) {
    return this.#keep(Client.connect(this.#complete(options)));
  }

  /** As `connect`, and both sides have announced themselves. */
  async join(options) {
    const client = await this.connect(options);
    await client.announce();
    return client;
  }

  close() {
    for (const client of this.#clients) client.destroy();
  }

  async #keep(connecting) {
    const client = await connecting;
    this.#clients.push(client);
    return client;
  }

  #complete(options) {
    return { ...this.#target, sid: nextSid++, acks: true, pongs: true, ...options };
  }
}

module.exports = { Door };
