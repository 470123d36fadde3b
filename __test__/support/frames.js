"use strict";

// The Cryo wire format, written from its description and independent of the implementation under test.
// Field names are those of fixtures/frames.json, but for a stream's name, which is `streamName`; `sid` and `features` are
// bigint, payloads Buffer or string.

const TYPES = {
  ENDPOINT_INFO: 255,
  BYE: 254,
  ACK: 253,
  ERROR: 252,
  PING_PONG: 251,
  UTF8DATA: 250,
  BINARYDATA: 249,
  TX_START: 0,
  TX_CHUNK: 1,
  TX_FINISH: 2,
  TX_FLOW: 3,
  TX_FETCH: 4,
  TX_CANCEL: 5,
};
const NAMES = Object.fromEntries(Object.entries(TYPES).map(([name, type]) => [type, name]));

const MAX_PAYLOAD = 16 * 1024 * 1024;

// How to write and read one field of each kind. The kinds without a width take the rest of the frame.
const KINDS = {
  u8: { width: 1, write: (buffer, value) => buffer.writeUInt8(value), read: (buffer) => buffer.readUInt8() },
  u32: { width: 4, write: (buffer, value) => buffer.writeUInt32BE(value), read: (buffer) => buffer.readUInt32BE() },
  i32: { width: 4, write: (buffer, value) => buffer.writeInt32BE(value), read: (buffer) => buffer.readInt32BE() },
  u64: {
    width: 8,
    write: (buffer, value) => buffer.writeBigUInt64BE(value),
    read: (buffer) => buffer.readBigUInt64BE(),
  },
  text: { read: (buffer) => buffer.toString("utf8") },
  bytes: { read: (buffer) => buffer },
};

// What follows `sid` and `type` in each frame, in order.
const LAYOUTS = {
  ENDPOINT_INFO: { ack: "u32", version: "u32", features: "u64" },
  BYE: { ack: "u32", reason: "text" },
  ACK: { ack: "u32" },
  ERROR: { ack: "u32", payload: "text" },
  PING_PONG: { ack: "u32", payload: "text" },
  UTF8DATA: { ack: "u32", payload: "text" },
  BINARYDATA: { ack: "u32", payload: "bytes" },
  TX_START: { ack: "u32", txId: "u32", byteLength: "i32", streamName: "text" },
  TX_CHUNK: { txId: "u32", seq: "u32", payload: "bytes" },
  TX_FINISH: { ack: "u32", txId: "u32" },
  TX_FLOW: { ack: "u32", behaviour: "u8" },
  TX_FETCH: { ack: "u32", txId: "u32", start: "u32", end: "u32" },
  TX_CANCEL: { ack: "u32", txId: "u32" },
};

/**
 * @param {keyof TYPES} name
 * @param {{ sid: bigint } & Record<string, any>} fields
 * @returns {Buffer}
 */
function encode(name, fields) {
  const parts = [Buffer.alloc(9)];
  parts[0].writeBigUInt64BE(fields.sid);
  parts[0].writeUInt8(TYPES[name], 8);
  for (const [field, kind] of Object.entries(LAYOUTS[name])) {
    const { width, write } = KINDS[kind];
    const part = width === undefined ? Buffer.from(fields[field]) : Buffer.alloc(width);
    write?.(part, fields[field]);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * @param {Buffer} buffer
 * @returns {{ name: string, sid: bigint, raw: Buffer } & Record<string, any>}
 */
function decode(buffer) {
  const type = buffer.readUInt8(8);
  const name = NAMES[type] ?? `type ${type}`;
  const frame = { name, sid: buffer.readBigUInt64BE(), raw: buffer };
  let offset = 9;
  for (const [field, kind] of Object.entries(LAYOUTS[name] ?? {})) {
    frame[field] = KINDS[kind].read(buffer.subarray(offset));
    offset += KINDS[kind].width ?? 0;
  }
  return frame;
}

/**
 * @param {{ name: string }} frame
 * @returns {boolean} Whether its receiver answers it with an ACK.
 */
function wantsAck({ name }) {
  return name in LAYOUTS && "ack" in LAYOUTS[name] && name !== "ACK" && name !== "PING_PONG";
}

module.exports = { MAX_PAYLOAD, TYPES, decode, encode, wantsAck };
