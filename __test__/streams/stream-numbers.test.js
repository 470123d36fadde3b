"use strict";

// Numbers of streams: either side chooses its own, and may use one again as soon as the stream before is through, which the application hears
// later than the peer.

const assert = require("node:assert/strict");
const { text } = require("node:stream/consumers");
const { test } = require("node:test");

const { joined } = require("../support/server");
const { event } = require("../support/wait");

/** A whole stream of one chunk, as one write. */
function whole(client, txId, name, payload) {
  const steps = [
    client.message("TX_START", { txId, byteLength: -1, streamName: name }),
    client.message("TX_CHUNK", { txId, seq: 0, payload }),
    client.message("TX_FINISH", { txId }),
  ];
  return Buffer.concat(steps);
}

/** Claims a stream, and destroys it at its first chunk. @returns {Promise<void>} When that is done. */
async function refuse(session, name) {
  const readable = await session.WaitForStream(name);
  readable.once("data", () => readable.destroy());
  await event(readable, "close");
}

/** What the client gets before the answer to a message that comes last, but for ACKs. */
async function told(client, session) {
  await session.SendUTF8("that was all");
  const names = [];
  for (;;) {
    const { name, txId } = await client.next();
    if (name === "UTF8DATA") return names;
    if (name !== "ACK") names.push(`${name} ${txId}`);
  }
}

test("a stream that its sender has finished is not cancelled when the application drops it", async (t) => {
  const { client, session } = await joined(t, {}, { acks: true });
  const refused = refuse(session, "up");
  client.write(whole(client, 5, "up", "chunk"));
  await refused;
  assert.deepEqual(await told(client, session), []);
});

test("dropping a stream that is through does no harm to the next one of its number", async (t) => {
  const { client, session } = await joined(t, {}, { acks: true });
  const refused = refuse(session, "a");
  const next = session.WaitForStream("b").then(text);
  const begin = client.message("TX_START", { txId: 5, byteLength: -1, streamName: "b" });
  client.write(Buffer.concat([whole(client, 5, "a", "of a"), begin, client.message("TX_CHUNK", { txId: 5, seq: 0, payload: "of " })]));
  await refused;
  client.send("TX_CHUNK", { txId: 5, seq: 1, payload: "b" });
  client.send("TX_FINISH", { txId: 5 });
  assert.equal(await next, "of b");
  assert.deepEqual(await told(client, session), []);
});

test("dropping a stream of the peer's that is through does no harm to ours of the same number", async (t) => {
  const { client, session } = await joined(t, {}, { acks: true });
  let go;
  const paused = new Promise((resolve) => (go = resolve));
  const sent = session.Stream(
    (async function* () {
      await paused;
      yield "all of it";
    })(),
    "down",
  );
  const { txId } = await client.nextOf("TX_START");
  const refused = refuse(session, "up");
  client.write(whole(client, txId, "up", "chunk"));
  await refused;
  assert.deepEqual(await told(client, session), []);
  go();
  assert.equal(String((await client.nextOf("TX_CHUNK")).payload), "all of it");
  await sent;
});
