"use strict";

// A server of the package with an application on its `http_server`, and HTTP clients for it.

const http = require("node:http");
const https = require("node:https");
const net = require("node:net");
const tls = require("node:tls");

const certificate = require("./certs");
const { Harness } = require("./server");
const { event, within } = require("./wait");

const HOST = "127.0.0.1";
/** A request. */
const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
/** An upgrade that is not Cryo's. */
const UPGRADE = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n";

class HttpService {
  /**
   * @param {import("node:test").TestContext} t Ends it.
   * @param {boolean} secure
   * @param {import("node:http").RequestListener} [listener] Of `request`.
   * @param {object} [options] Those of `cryo()`.
   * @param {object} [validator]
   * @returns {Promise<HttpService>}
   */
  static async start(t, secure, listener, options = {}, validator = undefined) {
    const harness = await Harness.start(t, secure ? { ...options, ssl: certificate } : options, validator);
    if (listener) harness.server.http_server.on("request", listener);
    const service = new HttpService(harness, secure);
    t.after(() => service.#close());
    return service;
  }

  /** The TCP sockets of `connect()`. */
  sockets = [];

  constructor(harness, secure) {
    this.harness = harness;
    this.server = harness.server;
    this.http = harness.server.http_server;
    this.secure = secure;
    this.client = secure ? https : http;
    this.renewAgent();
  }

  get port() {
    return this.harness.port;
  }

  /** Where it listens, as `net.connect()` takes it. */
  get #where() {
    const address = this.http.address();
    return typeof address === "string" ? { path: address } : { host: HOST, port: this.port };
  }

  /** Closes the connections that are kept; the next requests make new ones. @param {import("node:http").AgentOptions} [options] */
  renewAgent(options = {}) {
    this.agent?.destroy();
    this.agent = new this.client.Agent({ keepAlive: true, ca: certificate.cert, servername: "localhost", ...options });
  }

  /** A request that was begun. @param {import("node:https").RequestOptions} [options] */
  begin(path, options = {}) {
    return this.client.request({ host: HOST, port: this.port, path, agent: this.agent, ...options });
  }

  /**
   * A request and its whole answer.
   *
   * @param {string} path
   * @param {import("node:https").RequestOptions & { body?: string | Buffer }} [options]
   * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, body: string }>}
   */
  async request(path, { body, ...options } = {}) {
    const request = this.begin(path, options);
    request.end(body);
    const [response] = await event(request, "response");
    return { status: response.statusCode, headers: response.headers, body: await text(response) };
  }

  /** A connection on which nothing was said yet, also nothing of TLS. */
  async connectTransport() {
    const transport = net.connect({ ...this.#where, allowHalfOpen: true });
    this.sockets.push(transport);
    await event(transport, "connect");
    return transport;
  }

  /** A connection on which nothing was said yet. */
  async connect() {
    const transport = await this.connectTransport();
    if (!this.secure) return transport;
    const socket = tls.connect({ socket: transport, ca: certificate.cert, servername: "localhost", allowHalfOpen: true });
    await event(socket, "secureConnect");
    return socket;
  }

  /** What the server answers to these bytes until it closes, or has sent `until`. */
  async exchange(bytes, until) {
    const socket = await this.connect();
    socket.write(bytes);
    const answer = await (until === undefined ? text(socket) : received(socket, until));
    socket.destroy();
    return answer;
  }

  #close() {
    this.agent.destroy();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** @returns {Promise<string>} All of a stream. */
function text(stream) {
  const collect = async () => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  return within(collect(), "the end of the stream");
}

/** @returns {Promise<string>} What comes, up to and with the first `end`. */
function received(socket, end) {
  return within(
    new Promise((resolve, reject) => {
      let all = "";
      const listener = (chunk) => {
        all += chunk.toString("latin1");
        if (!all.includes(end)) return;
        socket.off("data", listener);
        resolve(all);
      };
      socket.on("data", listener).once("close", () => reject(new Error(`closed after ${JSON.stringify(all)}`)));
    }),
    JSON.stringify(end),
  );
}

/** @returns {Promise<number>} How many connections there are. */
function connections(service) {
  return new Promise((resolve, reject) => service.http.getConnections((error, count) => (error ? reject(error) : resolve(count))));
}

/**
 * Resolves when a connection is closed, whatever comes before: what a client still says to one that was cut may come back as a reset, and then
 * only the end matters.
 */
function gone(socket) {
  return within(new Promise((resolve) => socket.resume().on("error", () => {}).once("close", resolve)), "the connection's end");
}

module.exports = { GET, HttpService, UPGRADE, connections, gone, received, text };
