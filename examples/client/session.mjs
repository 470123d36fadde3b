// The conversation on one open WebSocket:
//
//   1. The server announces itself with ENDPOINT_INFO; we acknowledge it and announce ourselves.
//   2. The server acknowledges that: connected.
//   3. Both send messages and streams, acknowledge what they get, and answer `ping` with `pong`.
//   4. Who leaves says BYE and closes with 4000.

import { Acks } from "./acks.mjs";
import { TYPE, decode, encode } from "./frames.mjs";
import { Incoming } from "./incoming.mjs";
import { Outgoing } from "./outgoing.mjs";

const VERSION = 1;
/** Bit 0 of ENDPOINT_INFO's features: we can do transactions. */
const TRANSACTIONS = 1n;
/** What is answered in other ways, or not at all. */
const NOT_ACKNOWLEDGED = new Set([TYPE.ACK, TYPE.PING_PONG, TYPE.TX_CHUNK]);
/** WebSocket close codes of the protocol. */
export const CLOSE = Object.freeze({ NORMAL: 4000, CLIENT_FAULT: 4001, SERVER_FAULT: 4002 });
const MAX_CLOSE_REASON_BYTES = 123;

/**
 * @typedef {object} Listener What a session tells.
 * @property {() => void} connected
 * @property {(text: string) => void} text
 * @property {(bytes: Uint8Array) => void} binary
 * @property {(text: string) => void} error An ERROR frame.
 * @property {(stream: import("./incoming.mjs").IncomingStream) => void} stream
 */

export class Session {
  #sid;
  #socket;
  #listener;
  #acks = new Acks();
  #incoming = new Incoming(this);
  #outgoing = new Outgoing(this);
  /** Bytes of Cryo frames, received and sent. */
  rx = 0;
  tx = 0;

  /**
   * @param {bigint} sid
   * @param {WebSocket} socket An open one, or one that will open; messages must come as ArrayBuffer.
   * @param {Listener} listener
   */
  constructor(sid, socket, listener) {
    this.#sid = sid;
    this.#socket = socket;
    this.#listener = listener;
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", () => this.#closed());
  }

  get open() {
    return this.#socket.readyState === 1;
  }

  /** Bytes that the WebSocket has not sent yet. */
  get buffered() {
    return this.#socket.bufferedAmount;
  }

  /** Sends a frame as it is. */
  post(type, fields) {
    if (!this.open) return;
    const frame = encode(type, { sid: this.#sid, ...fields });
    this.tx += frame.byteLength;
    this.#socket.send(frame);
  }

  /**
   * Numbers a frame and sends it.
   *
   * @returns {Promise<void>} Resolves when the peer has acknowledged it; rejects when the connection ends first. Whoever
   *   doesn't care may leave it alone: it never counts as unhandled.
   */
  send(type, fields) {
    const { ack, acknowledged } = this.#acks.take();
    if (!this.open) this.#acks.fail(new Error("Not connected."));
    this.post(type, { ack, ...fields });
    return acknowledged;
  }

  /** @returns {Promise<number>} The round trip in ms. */
  async ping() {
    const sent = performance.now();
    await this.send(TYPE.PING_PONG, { payload: "ping" });
    return performance.now() - sent;
  }

  /** Sends a stream; see `Outgoing.push`. */
  stream(source, options) {
    return this.#outgoing.push(source, options);
  }

  /** Sets whether the peer is to push its streams or to offer them; one of `FLOW`. Holds for streams to come. */
  setFlow(behaviour) {
    this.#incoming.flow = behaviour;
    return this.send(TYPE.TX_FLOW, { behaviour });
  }

  /** Tells the peer to stop a stream that we don't want any more. */
  dropIncoming(txId) {
    if (this.#incoming.drop(txId)) this.send(TYPE.TX_CANCEL, { txId });
  }

  /** Says BYE and closes. */
  leave(reason = "disconnect") {
    this.send(TYPE.BYE, { reason });
    this.#close(CLOSE.NORMAL, reason);
  }

  #receive(message) {
    this.rx += message.byteLength;
    try {
      const frame = decode(message);
      if (frame !== null) this.#handle(frame);
    } catch (error) {
      this.#close(CLOSE.SERVER_FAULT, error.message);
    }
  }

  #handle(frame) {
    // The ACK goes out before the application sees the frame.
    if (!NOT_ACKNOWLEDGED.has(frame.type)) this.post(TYPE.ACK, { ack: frame.ack });
    switch (frame.type) {
      case TYPE.ENDPOINT_INFO:
        return this.#announced(frame);
      case TYPE.ACK:
        return this.#acks.settle(frame.ack);
      case TYPE.PING_PONG:
        if (frame.payload === "pong") return this.#acks.settle(frame.ack);
        return this.post(TYPE.PING_PONG, { ack: frame.ack, payload: "pong" });
      case TYPE.BYE:
        return this.#close(CLOSE.NORMAL, frame.reason);
      case TYPE.UTF8DATA:
        return this.#listener.text(frame.payload);
      case TYPE.BINARYDATA:
        return this.#listener.binary(frame.payload);
      case TYPE.ERROR:
        return this.#listener.error(frame.payload);
      case TYPE.TX_START:
        return this.#listener.stream(this.#incoming.start(frame));
      case TYPE.TX_CHUNK:
        return this.#incoming.chunk(frame);
      case TYPE.TX_FINISH:
        return this.#incoming.finish(frame.txId);
      case TYPE.TX_CANCEL:
        if (!this.#outgoing.cancel(frame.txId)) this.#incoming.cancel(frame.txId);
    }
  }

  #announced({ version }) {
    if (version !== VERSION) return this.#close(CLOSE.SERVER_FAULT, `Protocol mismatch: ${version}, not ${VERSION}.`);
    this.send(TYPE.ENDPOINT_INFO, { version: VERSION, features: TRANSACTIONS }).then(this.#listener.connected, () => {});
  }

  #close(code, reason) {
    // A close reason holds 123 bytes; a character cut in two is left out.
    const bytes = new TextEncoder().encode(reason).subarray(0, MAX_CLOSE_REASON_BYTES);
    this.#socket.close(code, new TextDecoder().decode(bytes, { stream: true }));
  }

  #closed() {
    const error = new Error("The connection was lost.");
    this.#acks.fail(error);
    this.#incoming.fail(error);
  }
}
