// A worker with a session of its own that asks for more than it reads.

import { CryoClient } from "/client/index.mjs";

const STILL_MS = 8000;

addEventListener("message", async ({ data: { url, token } }) => {
  const client = new CryoClient({ url, token });
  try {
    await client.connect();
    await client.sendText(JSON.stringify({ kind: "flood" }));
    postMessage({ text: "The slow reader stands still. Watch the queue." });
    standStill();
    await client.ping(); // its answer comes behind all that was left in the queue
    client.close("caught up");
    postMessage({ text: "The slow reader has caught up and left.", done: true });
  } catch (error) {
    postMessage({ text: `The slow reader failed: ${error.message}`, done: true });
  }
});

/** A synchronous request blocks this thread: no message is read from the WebSocket meanwhile. */
function standStill() {
  const request = new XMLHttpRequest();
  request.open("GET", `/pause?ms=${STILL_MS}`, false);
  request.send();
}
