"use strict";

// The process under test: two servers, one for each `undelivered` and the second with TLS, with hooks, and an application that echoes
// messages and does as ERROR frames tell it.

const { setImmediate, setTimeout } = require("node:timers/promises");

const { cryo } = require("..");
const certificate = require("../__test__/support/certs");
const { event } = require("../__test__/support/wait");
const { noise, pieces, sha256 } = require("../__test__/support/transactions");
const { Ledger } = require("./ledger.js");
const { Loop, isBack, sample } = require("./figures.js");

const OPTIONS = {
  host: "127.0.0.1",
  port: 0,
  keepAliveIntervalMs: 5000,
  // Small, so that queues overflow and streams to be fetched go to a file.
  backpressure: "optimize_memory",
  maxStreamBytes: 1024 * 1024,
};
/** How often the figures at the end are looked at, ten times a second: sockets take a moment to close, Buffers to be freed. */
const LOOKS = 100;
const BODY = noise(3_000_000);
const CHUNK = Buffer.alloc(64 * 1024);

const ledgers = { pending: new Ledger(), reject: new Ledger() };
/** What was reported as the servers' `error`, counted. */
const reports = {};

/** Changes nothing, but takes its time. */
const slow = {
  name: "slow",
  on_receive_utf8: async () => void (await setImmediate()),
  before_send_utf8: async () => void (await setImmediate()),
  before_send_binary: () => true,
};

/** What a client can ask for. */
const orders = {
  /** More than the queue takes, and a word at the end. */
  flood(session, keep) {
    for (let n = 0; n < 100; n++) keep(session.SendBinary(CHUNK));
    keep(session.SendUTF8("flooded"));
  },
  /** Small ones. */
  many(session, keep) {
    for (let n = 0; n < 200; n++) keep(session.SendUTF8(`message ${n}`));
  },
  /** Sends the body as the stream "down". */
  give(session, keep) {
    keep(session.Stream(pieces(BODY, 50_000), "down"));
  },
  /** Reads the stream "up" and answers with its hash, or why there is none. */
  async take(session, keep) {
    const chunks = [];
    try {
      for await (const chunk of await keep(session.WaitForStream("up"))) chunks.push(chunk);
      keep(session.SendUTF8(sha256(chunks)));
    } catch (error) {
      keep(session.SendUTF8(error.code));
    }
  },
};

async function start(undelivered, options) {
  const server = cryo({ validate: async (token) => token === "tok" }, { ...OPTIONS, undelivered, ...options });
  const keep = (promise) => ledgers[undelivered].keep(promise);
  server.RegisterExtension(slow);
  server.on("error", ({ code, message }, _session, where) => {
    const what = `${where}: ${code ?? message}`;
    reports[what] = (reports[what] ?? 0) + 1;
  });
  server.on("session", (session) => {
    session.on("message-utf8", (text) => void keep(session.SendUTF8(text)));
    session.on("message-binary", (bytes) => void keep(session.SendBinary(bytes)));
    session.on("message-error", (order) => orders[order](session, keep));
  });
  await event(server, "listening");
  return server;
}

/** The figures without load: once nothing is left that was not there before, or at last. */
async function atRest(servers, before) {
  for (let look = 1; ; look++) {
    const figures = sample(servers);
    if (isBack(before, figures) || look === LOOKS) return figures;
    await setTimeout(100);
  }
}

async function main() {
  const bare = sample([]);
  const servers = [await start("pending", {}), await start("reject", { ssl: certificate })];
  const idle = sample(servers);
  process.send(servers.map(({ http_server }, index) => ({ port: http_server.address().port, tls: index === 1 })));
  let loop;
  const answers = {
    sample: () => sample(servers),
    warm() {
      loop = new Loop();
      return "watching";
    },
    loop: () => loop.figures(),
    /** The load is gone. */
    async end() {
      const left = await atRest(servers, idle);
      await Promise.all(servers.map((server) => server.Destroy()));
      for (const ledger of Object.values(ledgers)) await ledger.close();
      return { bare, idle, left, gone: await atRest([], bare), ledgers, reports };
    },
  };
  process.on("message", async (question) => {
    const last = question === "end";
    // From then on only what was left behind keeps the process alive.
    process.send(await answers[question](), () => last && process.disconnect());
  });
}

main();
