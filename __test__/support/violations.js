"use strict";

// What breaks WebSocket, and what breaks the protocol in it.

const { MAX_PAYLOAD } = require("./frames");
const { OPCODES, closePayload, encodeFrame } = require("./websocket");

const { CONTINUATION, TEXT, CLOSE, PING } = OPCODES;
const LONGEST_HEAD = 25; // bytes before any Cryo frame's payload, at most

const some = Buffer.from("payload");

/** The close code, and WebSocket frames that it is the answer to. */
const VIOLATIONS = {
  "an unmasked frame": [1002, encodeFrame(some, { mask: false })],
  "a reserved bit": [1002, encodeFrame(some, { rsv: 4 })],
  "a compressed frame that was not negotiated": [1002, encodeFrame(some, { opcode: TEXT, rsv: 4 })],
  "a reserved data opcode": [1002, encodeFrame(some, { opcode: 3 })],
  "a reserved control opcode": [1002, encodeFrame(some, { opcode: 11 })],
  "a ping of 126 bytes": [1002, encodeFrame(Buffer.alloc(126), { opcode: PING })],
  "a fragmented ping": [1002, encodeFrame(some, { opcode: PING, fin: false })],
  "a continuation of nothing": [1002, encodeFrame(some, { opcode: CONTINUATION })],
  "a message inside a fragmented one": [1002, encodeFrame(some, { fin: false }), encodeFrame(some)],
  "a close of one byte": [1002, encodeFrame(Buffer.alloc(1), { opcode: CLOSE })],
  "a close with the code 999": [1002, encodeFrame(closePayload(999), { opcode: CLOSE })],
  "a close with the code 1005": [1002, encodeFrame(closePayload(1005), { opcode: CLOSE })],
  "a close with the code 5000": [1002, encodeFrame(closePayload(5000), { opcode: CLOSE })],
  "a close reason that is not UTF-8": [1007, encodeFrame(Buffer.from([0x03, 0xe8, 0xff, 0xfe]), { opcode: CLOSE })],
  "a text that is not UTF-8": [1007, encodeFrame(Buffer.from([0xc3, 0x28]), { opcode: TEXT })],
  "a fragmented text that is not UTF-8": [
    1007,
    encodeFrame(Buffer.from([0xe2, 0x82]), { opcode: TEXT, fin: false }),
    encodeFrame(Buffer.from([0x28]), { opcode: CONTINUATION }),
  ],
  "a length over the limit": [1009, encodeFrame(Buffer.alloc(0), { length: MAX_PAYLOAD + LONGEST_HEAD + 1 })],
  "a length of 2^62": [1009, encodeFrame(Buffer.alloc(0), { length: 2n ** 62n })],
  "a length of 2^63, the highest bit": [1002, encodeFrame(Buffer.alloc(0), { length: 2n ** 63n })],
  "fragments over the limit": [
    1009,
    encodeFrame(Buffer.alloc(MAX_PAYLOAD), { fin: false }),
    encodeFrame(Buffer.alloc(100), { opcode: CONTINUATION, fin: false }),
  ],
};

/** The start of a Cryo frame: sid 1 and the type. */
const head = (type, ...rest) => Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, type, ...rest]);

/** Cryo frames that are too short for their type, or say neither of two things. */
const UNINTELLIGIBLE = {
  "an empty frame": Buffer.alloc(0),
  "half a sid": Buffer.alloc(4),
  "no type": Buffer.alloc(8),
  "UTF8DATA without its number": head(250, 0, 0, 0),
  "BINARYDATA without its number": head(249),
  "ERROR without its number": head(252, 0),
  "BYE without its number": head(254, 0, 0),
  "ACK without its number": head(253, 0, 0, 0),
  "PING_PONG without its number": head(251, 0),
  "a PING_PONG that is neither ping nor pong": head(251, 0, 0, 0, 1, ...Buffer.from("pang")),
  "an empty PING_PONG": head(251, 0, 0, 0, 1),
  "ENDPOINT_INFO without a version": head(255, 0, 0, 0, 0, 0, 0, 0),
  "ENDPOINT_INFO without its features": head(255, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0),
  "TX_START without a byteLength": head(0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0),
  "TX_CHUNK without its sequence number": head(1, 0, 0, 0, 1, 0, 0, 0),
  "TX_FINISH without its stream's number": head(2, 0, 0, 0, 1, 0, 0, 0),
  "a TX_FLOW without a behaviour": head(3, 0, 0, 0, 1),
  "a TX_FLOW that is neither push nor pull": head(3, 0, 0, 0, 1, 2),
  "TX_FETCH without an end": head(4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0),
  "TX_CANCEL without its stream's number": head(5, 0, 0, 0, 1),
};

module.exports = { UNINTELLIGIBLE, VIOLATIONS, head };
