"use strict";

// The servers that `ConnectPeer` meets: one on a bare socket that answers an upgrade with any bytes, and one on `ws`,
// which knows WebSocket from elsewhere, that speaks Cryo as a test tells it to.

const { createHash } = require("node:crypto");
const net = require("node:net");

const { WebSocketServer } = require("ws");

const { decode, encode } = require("./frames");
const { Inbox } = require("./inbox");
const { event } = require("./wait");

// RFC 6455 section 1.3.
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * @param {import("node:test").TestContext} t Ends it.
 * @param {(connection: { socket: net.Socket, head: string, switching: string }) => void} answer Called with the head of
 *   each request, and the head of the answer that would accept it.
 * @returns {Promise<string>} Its URL.
 */
async function rawServer(t, answer) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let head = "";
    const read = (bytes) => {
      head += bytes.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", read);
      answer({ socket, head, switching: switching(head) });
    };
    socket.on("data", read);
  });
  server.listen(0, "127.0.0.1");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await event(server, "listening");
  return `ws://127.0.0.1:${server.address().port}`;
}

function switching(head) {
  const [, key] = /^sec-websocket-key: (.*)\r$/im.exec(head) ?? [];
  const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** A connection to the server on `ws`. */
class Connection {
  /** Cryo frames as decoded by `frames.js`. */
  frames = new Inbox();
  /** Resolves with the close frame's code and reason. */
  closed;

  constructor(socket, request) {
    this.socket = socket;
    this.url = request.url;
    this.closed = event(socket, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
    socket.on("error", () => {});
    socket.on("message", (data) => this.frames.push(decode(data)));
    socket.on("close", () => this.frames.end("the connection is closed"));
  }

  /** @returns {Promise<ReturnType<typeof decode>>} The next Cryo frame of that name; others are passed over. */
  async nextOf(name) {
    for (;;) {
      const frame = await this.frames.next(name);
      if (frame.name === name) return frame;
    }
  }

  /** Sends a Cryo frame. */
  send(name, fields) {
    this.socket.send(encode(name, { sid: 0n, ...fields }));
  }
}

/**
 * @param {import("node:test").TestContext} t Ends it.
 * @returns {Promise<{ url: string, next: () => Promise<Connection> }>} `next` gives the next connection.
 */
async function wsServer(t) {
  const connections = new Inbox();
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket, request) => connections.push(new Connection(socket, request)));
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  await event(server, "listening");
  return { url: `ws://127.0.0.1:${server.address().port}`, next: () => connections.next("a connection") };
}

module.exports = { rawServer, wsServer };
