// Streams we send, as push transactions:
//
//   TX_START (byteLength -1), its ACK, TX_CHUNKs with seq 0, 1, 2 ..., TX_FINISH, its ACK
//
// The receiver may stop one with TX_CANCEL.

import { TYPE } from "./frames.mjs";

const CHUNK_BYTES = 256 * 1024;
/** Bytes the WebSocket may hold unsent. It has no event for having sent them, hence the polling. */
const MAX_BUFFERED = 4 * 1024 * 1024;
const POLL_MS = 5;

/** TX_CANCEL names a transaction, but not who began it. Servers count from 0, so we begin far away from there. */
const FIRST_TX_ID = 0x8000_0000;

export class Outgoing {
  #session;
  #nextTxId = FIRST_TX_ID;
  #active = new Set();

  /** @param {import("./session.mjs").Session} session */
  constructor(session) {
    this.#session = session;
  }

  /**
   * @param {Blob | AsyncIterable<Uint8Array> | Iterable<Uint8Array>} source
   * @param {{ name?: string, onProgress?: (bytes: number) => void }} [options] Progress is told after each chunk, as the
   *   bytes handed to the WebSocket so far.
   * @returns {Promise<void>} Resolves when the receiver has acknowledged the end.
   */
  async push(source, { name = "anonymous", onProgress = () => {} } = {}) {
    const txId = this.#nextTxId++;
    this.#active.add(txId);
    try {
      await this.#session.send(TYPE.TX_START, { txId, byteLength: -1, name });
      let seq = 0;
      let bytes = 0;
      for await (const payload of source instanceof Blob ? slices(source) : source) {
        await this.#room(txId);
        this.#session.post(TYPE.TX_CHUNK, { txId, seq: seq++, payload });
        onProgress((bytes += payload.byteLength));
      }
      await this.#session.send(TYPE.TX_FINISH, { txId });
    } catch (error) {
      if (this.#active.has(txId)) this.#session.send(TYPE.TX_CANCEL, { txId });
      throw error;
    } finally {
      this.#active.delete(txId);
    }
  }

  /** The receiver has had enough. @returns {boolean} Whether the transaction was one of ours. */
  cancel(txId) {
    return this.#active.delete(txId);
  }

  async #room(txId) {
    for (;;) {
      if (!this.#session.open) throw new Error("The connection was lost.");
      if (!this.#active.has(txId)) throw new Error("The receiver cancelled the stream.");
      if (this.#session.buffered < MAX_BUFFERED) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

async function* slices(blob) {
  for (let start = 0; start < blob.size; start += CHUNK_BYTES) {
    yield new Uint8Array(await blob.slice(start, start + CHUNK_BYTES).arrayBuffer());
  }
}
