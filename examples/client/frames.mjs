// The wire format. One frame travels per binary WebSocket message, and all its integers are big-endian:
//
//   sid: u64 | type: u8 | ack: u32 | the fields of the type        (TX_CHUNK alone has no ack)

/** Frame types, by name. */
export const TYPE = Object.freeze({
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
});

/** What follows the type, in order. `utf8` and `bytes` take all that is left of the frame. */
const LAYOUT = Object.freeze({
  [TYPE.ENDPOINT_INFO]: { ack: "u32", version: "u32", features: "u64" },
  [TYPE.BYE]: { ack: "u32", reason: "utf8" },
  [TYPE.ACK]: { ack: "u32" },
  [TYPE.ERROR]: { ack: "u32", payload: "utf8" },
  [TYPE.PING_PONG]: { ack: "u32", payload: "utf8" },
  [TYPE.UTF8DATA]: { ack: "u32", payload: "utf8" },
  [TYPE.BINARYDATA]: { ack: "u32", payload: "bytes" },
  [TYPE.TX_START]: { ack: "u32", txId: "u32", byteLength: "i32", name: "utf8" },
  [TYPE.TX_CHUNK]: { txId: "u32", seq: "u32", payload: "bytes" },
  [TYPE.TX_FINISH]: { ack: "u32", txId: "u32" },
  [TYPE.TX_FLOW]: { ack: "u32", behaviour: "u8" },
  [TYPE.TX_FETCH]: { ack: "u32", txId: "u32", start: "u32", end: "u32" },
  [TYPE.TX_CANCEL]: { ack: "u32", txId: "u32" },
});

/** Kinds of numbers: their size in bytes, and how a DataView reads and writes them. */
const NUMBERS = Object.freeze({
  u8: { size: 1, get: "getUint8", set: "setUint8" },
  u32: { size: 4, get: "getUint32", set: "setUint32" },
  i32: { size: 4, get: "getInt32", set: "setInt32" },
  u64: { size: 8, get: "getBigUint64", set: "setBigUint64" },
});

const PREFIX_BYTES = 9; // sid and type
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // "ignore" means: a BOM is a character like any other

/**
 * @param {number} type One of `TYPE`.
 * @param {Record<string, any>} fields `sid` and those of the type.
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encode(type, fields) {
  const layout = Object.entries(LAYOUT[type]);
  const rest = tail(layout, fields);
  const fixed = layout.reduce((bytes, [, kind]) => bytes + (NUMBERS[kind]?.size ?? 0), PREFIX_BYTES);
  const frame = new Uint8Array(fixed + rest.length);
  const view = new DataView(frame.buffer);
  view.setBigUint64(0, fields.sid);
  view.setUint8(8, type);
  let offset = PREFIX_BYTES;
  for (const [name, kind] of layout) {
    const number = NUMBERS[kind];
    if (number === undefined) continue;
    view[number.set](offset, fields[name]);
    offset += number.size;
  }
  frame.set(rest, fixed);
  return frame;
}

/**
 * @param {ArrayBuffer} message
 * @returns {Record<string, any> | null} `sid`, `type` and the fields of the type; null for a type this version doesn't know.
 * @throws {RangeError} For a frame too short for its type.
 */
export function decode(message) {
  const view = new DataView(message);
  const frame = { sid: view.getBigUint64(0), type: view.getUint8(8) };
  if (LAYOUT[frame.type] === undefined) return null;
  let offset = PREFIX_BYTES;
  for (const [name, kind] of Object.entries(LAYOUT[frame.type])) {
    const number = NUMBERS[kind];
    if (number === undefined) {
      const bytes = new Uint8Array(message, offset);
      frame[name] = kind === "utf8" ? decoder.decode(bytes) : bytes;
    } else {
      frame[name] = view[number.get](offset);
      offset += number.size;
    }
  }
  return frame;
}

/** The bytes of the last field, where that is a text or bytes. */
function tail(layout, fields) {
  const [name, kind] = layout.at(-1);
  if (kind === "utf8") return encoder.encode(fields[name]);
  return kind === "bytes" ? fields[name] : new Uint8Array();
}
