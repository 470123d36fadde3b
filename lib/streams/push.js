"use strict";

// An outgoing stream whose chunks the peer gets unasked, as fast as it reads them.

const { chunksOf } = require("./chunks.js");
const { Transmission } = require("./transmission.js");

class Push extends Transmission {
  /** Sends it all. Settles what `promise` is, never itself. */
  async run() {
    try {
      if (await this.start(-1)) await this.#send();
    } catch (error) {
      this.fail(error);
    }
  }

  async #send() {
    const size = this.shared.context.options.streamChunkBytes;
    let seq = 0;
    for (;;) {
      const piece = await this.source.next();
      if (piece === null) return this.finish();
      for (const chunk of chunksOf(piece, size)) {
        const sent = this.chunk(seq++ >>> 0, chunk);
        if (sent !== true && !(await sent)) return;
      }
    }
  }
}

module.exports = { Push };
