// Fetches a file in ranges, so that no more of it is under way than asked for, and writes it to the standard output.
// Usage: node examples/file-server/client.mjs <url> <token> <file>

import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { CryoClient, FLOW } from "../client/index.mjs";

/** Chunks under way at a time. */
const RANGE = 16;

// Node.js 20 has no WebSocket of its own.
const WebSocket = globalThis.WebSocket ?? (await import("ws")).default;

const [url, token, file] = process.argv.slice(2);
const client = new CryoClient({ url, token, WebSocket });
await client.connect();
await client.setFlow(FLOW.PULL);

const offered = once(client, "stream");
client.addEventListener("peer-error", ({ detail }) => {
  console.error(detail);
  process.exitCode = 1;
  client.close();
});
await client.sendText(file);
const [{ detail: stream }] = await offered;
await pipeline(Readable.from(fetched(stream)), process.stdout);
client.close();

/** The chunks of a stream; the next range is asked for when the one before it has been consumed. */
async function* fetched(stream) {
  const reader = stream.readable.getReader();
  let bytes = 0;
  for (let next = 0; ; next++) {
    if (next % RANGE === 0 && bytes !== stream.byteLength) await stream.fetch(next, next + RANGE);
    const { done, value } = await reader.read();
    if (done) return;
    bytes += value.byteLength;
    yield value;
  }
}
