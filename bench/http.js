"use strict";

// What the way through `http_server` costs: requests per second of a trivial handler on `http_server` and on a server of
// node:http, TLS or not. `node bench/http.js [rounds] [seconds]`; each server runs in a process of its own, this one is the load.

const { fork } = require("node:child_process");
const { once } = require("node:events");
const net = require("node:net");
const os = require("node:os");
const tls = require("node:tls");

const certificate = require("../__test__/support/certs");

const HOST = "127.0.0.1";
const REQUEST = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
const ONCE = "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const BODY = "x".repeat(64);
/** [what, connections, requests in flight on each; 0 for one connection a request] */
const LOADS = [
  ["1 connection, 1 in flight", 1, 1],
  ["64 connections, 1 in flight", 64, 1],
  ["64 connections, 8 pipelined", 64, 8],
  ["a connection for each request, 16 at a time", 16, 0],
];

if (process.argv[2] === "serve") serve(process.argv[3], process.argv[4] === "tls");
else void main(Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 2));

/** The server's process. */
function serve(kind, secure) {
  const answer = (_, response) => response.end(BODY);
  const listening = (server) => process.send(server.address().port);
  if (kind === "node") {
    const server = secure ? require("node:https").createServer(certificate) : require("node:http").createServer();
    server.on("request", answer).listen(0, HOST, () => listening(server));
  } else {
    const server = require("..").cryo({ validate: async () => false }, { host: HOST, port: 0, ...(secure && { ssl: certificate }) });
    server.http_server.on("request", answer);
    server.on("listening", () => listening(server.http_server));
  }
  process.on("message", () => process.send(process.cpuUsage()));
}

async function main(rounds, seconds) {
  console.log(`${os.cpus()[0].model}, ${os.availableParallelism()} cores, Node.js ${process.version}, ${rounds} rounds of ${seconds} s`);
  console.log("requests/s: median (lowest to highest), then the server's CPU time a request");
  for (const secure of [false, true]) {
    for (const [what, connections, depth] of LOADS) {
      // Turn by turn, so that a slow minute of the machine hits both.
      const results = { node: [], cryo: [] };
      for (let round = 0; round < rounds; round++) {
        for (const kind of ["node", "cryo"]) results[kind].push(await measure(kind, secure, connections, depth, seconds));
      }
      for (const kind of ["node", "cryo"]) console.log(`${secure ? "TLS" : "plain"}, ${what}, ${kind}: ${summary(results[kind])}`);
    }
  }
}

function summary(results) {
  const sorted = (key) => results.map((result) => result[key]).sort((a, b) => a - b);
  const median = (values) => values[values.length >> 1];
  const rates = sorted("rate");
  return `${median(rates).toFixed(0)} (${rates[0].toFixed(0)} to ${rates.at(-1).toFixed(0)}), ${median(sorted("cpu")).toFixed(1)} µs`;
}

async function measure(kind, secure, connections, depth, seconds) {
  const child = fork(__filename, ["serve", kind, secure ? "tls" : "plain"]);
  const [port] = await once(child, "message");
  const cpu = async () => {
    child.send("cpu");
    const [{ user, system }] = await once(child, "message");
    return user + system;
  };
  const load = new Load(port, secure);
  for (let i = 0; i < connections; i++) load.start(depth);
  // The first half second is for the compilers.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = { count: load.count, cpu: await cpu(), time: process.hrtime.bigint() };
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const count = load.count - before.count;
  const time = Number(process.hrtime.bigint() - before.time) / 1e9;
  const used = (await cpu()) - before.cpu;
  load.stop();
  child.kill();
  await once(child, "exit");
  return { rate: count / time, cpu: used / count };
}

class Load {
  count = 0;
  #sockets = new Set();
  #stopped = false;

  constructor(port, secure) {
    this.port = port;
    this.secure = secure;
  }

  start(depth) {
    if (this.#stopped) return;
    const options = { host: HOST, port: this.port, noDelay: true };
    const socket = this.secure ? tls.connect({ ...options, ca: certificate.cert, servername: "localhost" }) : net.connect(options);
    this.#sockets.add(socket);
    let seen = 0;
    socket.once(this.secure ? "secureConnect" : "connect", () => socket.write(depth === 0 ? ONCE : REQUEST.repeat(depth)));
    socket.on("data", (chunk) => {
      if (depth === 0) return;
      // All answers are alike, and each ends with the only x's that it has.
      for (let i = 0; i < chunk.length; i++) if (chunk[i] === 0x78) seen++;
      const done = Math.floor(seen / BODY.length);
      if (done < depth) return;
      seen -= done * BODY.length;
      this.count += done;
      socket.write(REQUEST.repeat(done));
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      if (depth !== 0) return;
      this.count++;
      this.start(0);
    });
  }

  stop() {
    this.#stopped = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}
