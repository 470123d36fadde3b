"use strict";

// A Cryo client on a bare socket: every byte it sends is the test's choice, so that it can misbehave in any way, and
// everything it receives is kept in order of arrival.

const assert = require("node:assert/strict");
const net = require("node:net");
const tls = require("node:tls");

const certificate = require("./certs");
const { decode, encode, wantsAck } = require("./frames");
const { parseHead, requestHead, target } = require("./http");
const { Inbox } = require("./inbox");
const { deferred, event, within } = require("./wait");
const { FrameReader, OPCODES, closePayload, encodeFrame } = require("./websocket");

/**
 * @typedef {object} ClientOptions
 * @property {number} [port]
 * @property {string} [host="127.0.0.1"]
 * @property {string} [path] Of a unix socket, instead of port and host.
 * @property {boolean | import("node:tls").ConnectionOptions} [tls=false]
 * @property {bigint} [sid=1n]
 * @property {string} [token="tok"]
 * @property {boolean} [acks=false] Acknowledges what wants it.
 * @property {boolean} [pongs=false] Answers Cryo pings.
 * @property {boolean} [closes=true] Answers the server's close frame and its FIN.
 */

class Client {
  /** Cryo frames as decoded by `frames.js`; those that came in a text message have `text: true`. */
  frames = new Inbox();
  /** Payloads of WebSocket pongs. */
  wsPongs = new Inbox();
  /** What each read of the socket gave: `at` in ms of `performance.now()`. @type {{ at: number, bytes: Buffer }[]} */
  reads = [];
  /** The number of the next frame this side sends. */
  nextAck = 0;

  #response = deferred();
  #parsed = null;
  #unparsed = Buffer.alloc(0);
  #reader = null;
  #closeSent = false;
  #closed = deferred();
  #close = { code: 1006, reason: "" };

  /**
   * Connects, without a word of HTTP.
   *
   * @param {ClientOptions} options
   * @returns {Promise<Client>}
   */
  static async open(options) {
    const { port, host = "127.0.0.1", path } = options;
    const transport = net.connect({ ...(path ? { path } : { port, host }), allowHalfOpen: true, noDelay: true });
    if (!options.tls) {
      await event(transport, "connect");
      return new Client(transport, transport, options);
    }
    const settings = { ca: certificate.cert, servername: "localhost", ...(options.tls === true ? {} : options.tls) };
    const socket = tls.connect({ socket: transport, ...settings });
    await event(socket, "secureConnect");
    return new Client(socket, transport, options);
  }

  /**
   * Connects and upgrades.
   *
   * @param {ClientOptions} options
   * @returns {Promise<Client>}
   */
  static async connect(options) {
    const client = await Client.open(options);
    await client.upgrade(options.token);
    return client;
  }

  constructor(socket, transport, { sid = 1n, acks = false, pongs = false, closes = true }) {
    this.socket = socket;
    this.transport = transport;
    this.sid = sid;
    this.habits = { acks, pongs, closes };
    this.#response.promise.catch(() => {}); // not every test asks for it
    socket.on("data", (bytes) => this.#receive(bytes));
    socket.on("end", () => this.#onEnd());
    socket.on("error", (error) => (this.error = error));
    socket.on("close", () => this.#onClose());
  }

  /**
   * @param {string} target
   * @param {Parameters<typeof requestHead>[1]} [options]
   * @returns {Promise<import("./http").Response>}
   */
  request(target, options) {
    this.write(requestHead(target, options));
    return this.response();
  }

  /** Upgrades, which the server accepts. @param {string} [token] */
  async upgrade(token) {
    const { status, body } = await this.request(target(this.sid, token));
    assert.equal(status, 101, `refused: ${body}`);
  }

  /** @returns {Promise<import("./http").Response>} Rejects when the connection ends without one. */
  response() {
    return within(this.#response.promise, "an HTTP response");
  }

  /** @param {Uint8Array | string} bytes */
  write(bytes) {
    this.socket.write(bytes);
  }

  /**
   * @param {keyof typeof import("./frames").TYPES} name
   * @param {Record<string, any>} [fields] Without `ack` the frame takes the next number.
   * @returns {Buffer} A Cryo frame in a WebSocket message; several can be joined into one write.
   */
  message(name, fields = {}) {
    return encodeFrame(this.encode(name, fields));
  }

  /** As `message`, without the WebSocket around it. */
  encode(name, fields = {}) {
    const numbered = name === "TX_CHUNK" || "ack" in fields ? fields : { ack: this.nextAck++, ...fields };
    return encode(name, { sid: this.sid, ...numbered });
  }

  /** As `message`, and sends it. @returns {number} The frame's ack number. */
  send(name, fields = {}) {
    const ack = fields.ack ?? this.nextAck;
    this.write(this.message(name, fields));
    return ack;
  }

  /** @returns {Promise<ReturnType<typeof decode>>} The next Cryo frame. */
  next(ms) {
    return this.frames.next("a frame", ms);
  }

  /** @returns {Promise<ReturnType<typeof decode>>} The next Cryo frame of that name; others are passed over. */
  async nextOf(name, ms) {
    for (;;) {
      const frame = await this.frames.next(name, ms);
      if (frame.name === name) return frame;
    }
  }

  /** Exchanges ENDPOINT_INFO: from here on the session is connected. */
  async announce() {
    const info = await this.nextOf("ENDPOINT_INFO");
    if (!this.habits.acks) this.send("ACK", { ack: info.ack });
    const ack = this.send("ENDPOINT_INFO", { version: 1, features: 1n });
    assert.equal((await this.nextOf("ACK")).ack, ack);
  }

  /** Resolves when the server has read all that this side has sent so far. Frames that come before its pong are passed over. */
  async roundTrip() {
    const ack = this.send("PING_PONG", { payload: "ping" });
    for (;;) {
      const frame = await this.nextOf("PING_PONG");
      if (frame.payload === "pong" && frame.ack === ack) return;
    }
  }

  /** Starts the WebSocket's closing handshake. */
  close(code = 1000, reason = "") {
    this.#closeSent = true;
    this.write(encodeFrame(closePayload(code, reason), { opcode: OPCODES.CLOSE }));
  }

  /**
   * @param {number} [ms]
   * @returns {Promise<{ code: number, reason: string }>} What the server's close frame said, once the socket is closed;
   *   code 1006 without one.
   */
  closed(ms) {
    return within(this.#closed.promise, "the connection's end", ms);
  }

  /** Stops reading, so that the server's data backs up. */
  pause() {
    this.socket.pause();
  }

  resume() {
    this.socket.resume();
  }

  /** Vanishes: a TCP RST. */
  reset() {
    this.transport.resetAndDestroy();
  }

  destroy() {
    this.socket.destroy();
    this.transport.destroy();
  }

  #receive(bytes) {
    this.reads.push({ at: performance.now(), bytes });
    if (this.#reader) return this.#readFrames(bytes);
    this.#unparsed = Buffer.concat([this.#unparsed, bytes]);
    this.#parsed = parseHead(this.#unparsed);
    if (!this.#parsed) return;
    const { response, rest } = this.#parsed;
    if (response.status === 101) {
      this.#reader = new FrameReader();
      this.#response.resolve(response);
      this.#readFrames(rest);
    } else {
      response.body = rest.toString();
      if (rest.length >= Number(response.headers["content-length"])) this.#response.resolve(response);
    }
  }

  #readFrames(bytes) {
    for (const { fin, rsv, opcode, masked, payload } of this.#reader.push(bytes)) {
      if (!fin || rsv !== 0 || masked) {
        this.frames.end(`a frame no Cryo server sends: ${JSON.stringify({ fin, rsv, masked })}`);
      } else if (opcode === OPCODES.CLOSE) this.#onCloseFrame(payload);
      else if (opcode === OPCODES.PONG) this.wsPongs.push(payload);
      else this.#onMessage(payload, opcode);
    }
  }

  #onMessage(payload, opcode) {
    const frame = { ...decode(payload), text: opcode === OPCODES.TEXT };
    if (this.habits.acks && wantsAck(frame)) this.send("ACK", { ack: frame.ack });
    if (this.habits.pongs && frame.payload === "ping") this.send("PING_PONG", { ack: frame.ack, payload: "pong" });
    this.frames.push(frame);
  }

  #onCloseFrame(payload) {
    if (payload.length >= 2) this.#close = { code: payload.readUInt16BE(), reason: payload.toString("utf8", 2) };
    else this.#close = { code: 1005, reason: "" };
    this.frames.end(`closed with ${this.#close.code} ${this.#close.reason}`);
    if (this.habits.closes && !this.#closeSent) this.close(payload.length >= 2 ? this.#close.code : 1000);
  }

  #onEnd() {
    if (this.#parsed) this.#response.resolve(this.#parsed.response);
    if (this.habits.closes) this.socket.end();
  }

  #onClose() {
    this.frames.end("the connection is gone");
    this.wsPongs.end("the connection is gone");
    this.#response.reject(new Error("the connection ended without an HTTP response"));
    this.#closed.resolve(this.#close);
  }
}

module.exports = { Client };
