"use strict";

// Runs an example of examples/ as its reader would, on a free port.

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const path = require("node:path");

const WebSocket = require("ws");

const { deferred, within } = require("./wait");

const EXAMPLES = path.join(__dirname, "..", "..", "examples");
const ADDRESS = /ws:\/\/localhost:(\d+)/;

/** The token that examples take. */
const TOKEN = "tok";

/**
 * @param {string} file In examples/.
 * @param {{ env?: Record<string, string>, args?: string[] }} [options]
 * @returns `output()` so far; `printed(pattern)`, a promise of the match; `exit()`, a promise of the exit code; `stop()`
 *   asks it to end, `kill()` ends it.
 */
function run(file, { env = {}, args = [] } = {}) {
  const child = spawn(process.execPath, [path.join(EXAMPLES, file), ...args], {
    env: { ...process.env, PORT: "0", TOKEN, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = deferred();
  let look = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
      look();
    });
  }
  child.on("close", (code) => ended.resolve(code));

  /** What the example printed, once it matches. */
  const printed = (pattern) => {
    const found = deferred();
    const last = look;
    look = () => {
      last();
      const match = output.match(pattern);
      if (match) found.resolve(match);
    };
    look();
    ended.promise.then((code) => found.reject(new Error(`${file} ended with ${code} before ${pattern}:\n${output}`)));
    return within(found.promise, `${file} to print ${pattern}`);
  };
  const exit = async () => {
    try {
      return await within(ended.promise, `the exit of ${file}`);
    } catch (error) {
      child.kill("SIGKILL"); // or it would keep the tests waiting
      throw error;
    }
  };
  const end = (signal) => {
    child.kill(signal);
    return exit();
  };
  return { output: () => output, printed, exit, stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };
}

/**
 * Starts an example that listens, and waits until it does. Whoever starts one calls its `kill()`.
 *
 * @param {string} file
 * @param {Parameters<typeof run>[1]} [options]
 * @returns {Promise<ReturnType<typeof run> & { port: number, url: string }>}
 */
async function startExample(file, options) {
  const example = run(file, options);
  try {
    const [url, port] = await example.printed(ADDRESS);
    return { ...example, url, port: Number(port) };
  } catch (error) {
    await example.kill();
    throw error;
  }
}

/** Starts an example that ends with the test. */
async function start(t, file, options) {
  const example = await startExample(file, options);
  t.after(() => example.kill());
  return example;
}

/** A connected client of examples/client that leaves with the test. */
async function join(t, url, token = TOKEN) {
  const { CryoClient } = await import("../../examples/client/index.mjs");
  const client = new CryoClient({ url, token, WebSocket });
  await within(client.connect(), "a connection");
  t.after(() => client.close());
  return client;
}

/** The next text that a client gets. */
async function nextText(client) {
  const [{ detail }] = await within(once(client, "text"), "a text");
  return detail;
}

/** What a client gets for a text it sends. */
async function ask(client, text) {
  const [answer] = await Promise.all([nextText(client), client.sendText(text)]);
  return answer;
}

module.exports = { TOKEN, ask, join, nextText, run, start, startExample };
