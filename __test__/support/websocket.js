"use strict";

// The client's half of RFC 6455 framing, loose enough to break every rule of it.

const { randomBytes } = require("node:crypto");

const OPCODES = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 };

/**
 * @param {Uint8Array} payload
 * @param {object} [options]
 * @param {number} [options.opcode]
 * @param {boolean} [options.fin]
 * @param {number} [options.rsv] The three reserved bits, 0 to 7.
 * @param {boolean} [options.mask] A client must.
 * @param {number | bigint} [options.length] Announced in place of the payload's own.
 * @returns {Buffer}
 */
function encodeFrame(
  payload,
  { opcode = OPCODES.BINARY, fin = true, rsv = 0, mask = true, length = payload.length } = {},
) {
  const head = [Buffer.of((fin ? 0x80 : 0) | (rsv << 4) | opcode, mask ? 0x80 : 0)];
  if (length < 126) {
    head[0][1] |= Number(length);
  } else if (length < 65536) {
    head[0][1] |= 126;
    head.push(Buffer.alloc(2));
    head[1].writeUInt16BE(Number(length));
  } else {
    head[0][1] |= 127;
    head.push(Buffer.alloc(8));
    head[1].writeBigUInt64BE(BigInt(length));
  }
  if (!mask) return Buffer.concat([...head, payload]);
  const key = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let i = 0; i < masked.length; i++) masked[i] ^= key[i & 3];
  return Buffer.concat([...head, key, masked]);
}

/**
 * @param {number} code
 * @param {string} [reason]
 * @returns {Buffer} The payload of a close frame.
 */
function closePayload(code, reason = "") {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}

/** Cuts what arrives into the server's frames. */
class FrameReader {
  #chunks = [];
  #length = 0;
  // Bytes without which no progress is possible, so that a large frame is joined once and not with every chunk.
  #needed = 2;

  /**
   * The frames that a chunk completes.
   *
   * @param {Buffer} chunk
   * @returns {{ fin: boolean, rsv: number, opcode: number, masked: boolean, payload: Buffer }[]}
   */
  push(chunk) {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return [];
    const buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const frames = [];
    let offset = 0;
    for (;;) {
      const rest = buffer.subarray(offset);
      const { start, end } = extent(rest);
      if (rest.length < end) {
        this.#chunks = [rest];
        this.#length = rest.length;
        this.#needed = end;
        return frames;
      }
      frames.push({
        fin: (rest[0] & 0x80) !== 0,
        rsv: (rest[0] >> 4) & 7,
        opcode: rest[0] & 15,
        masked: (rest[1] & 0x80) !== 0,
        payload: rest.subarray(start, end),
      });
      offset += end;
    }
  }
}

// Where an unmasked frame's payload starts and ends, as far as the bytes at hand tell.
function extent(bytes) {
  if (bytes.length < 2) return { start: 2, end: 2 };
  const short = bytes[1] & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return { start, end: start };
  if (short === 126) return { start, end: start + bytes.readUInt16BE(2) };
  if (short === 127) return { start, end: start + Number(bytes.readBigUInt64BE(2)) };
  return { start, end: start + short };
}

module.exports = { FrameReader, OPCODES, closePayload, encodeFrame };
