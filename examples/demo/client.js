"use strict";

// A Cryo client as small as can be: connects, sends one text, prints what comes back and leaves.
// Usage: node examples/demo/client.js <url> <token> [text]

const { randomBytes } = require("node:crypto");

const WebSocket = require("ws");

const [url, token, text = "Hello!"] = process.argv.slice(2);
if (token === undefined) {
  console.error("Usage: node examples/demo/client.js <url> <token> [text]");
  process.exit(1);
}

const ENDPOINT_INFO = 255;
const BYE = 254;
const ACK = 253;
const UTF8DATA = 250;
const HEADER_BYTES = 13;

const sid = randomBytes(8).readBigUInt64BE();
let nextAck = 0;

/** sid: u64, type: u8, ack: u32, payload. */
function frame(type, ack, payload = Buffer.alloc(0)) {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeBigUInt64BE(sid, 0);
  header.writeUInt8(type, 8);
  header.writeUInt32BE(ack, 9);
  return Buffer.concat([header, payload]);
}

const query = new URLSearchParams({ authorization: `Bearer ${token}`, "x-cryo-sid": String(sid) });
const socket = new WebSocket(`${url}?${query}`);

socket.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});

socket.on("open", () => {
  const endpointInfo = Buffer.alloc(12);
  endpointInfo.writeUInt32BE(1, 0); // The protocol's version; the eight bytes of features stay 0.
  socket.send(frame(ENDPOINT_INFO, nextAck++, endpointInfo));
  socket.send(frame(UTF8DATA, nextAck++, Buffer.from(text)));
});

socket.on("message", (data) => {
  const type = data.readUInt8(8);
  if (type === ENDPOINT_INFO || type === UTF8DATA) socket.send(frame(ACK, data.readUInt32BE(9)));
  if (type === UTF8DATA) {
    console.log(data.toString("utf8", HEADER_BYTES));
    socket.send(frame(BYE, nextAck++, Buffer.from("done")));
  }
});

socket.on("close", (code, reason) => console.log(`Closed: ${code} ${reason}`));
