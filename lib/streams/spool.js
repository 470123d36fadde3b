"use strict";

// Chunks in temporary files without names, taken out in the order in which they were put in. All of a session's streams share the files: streams
// may be many, and descriptors are few.

const { CHUNK_COST } = require("../bridge/codes.js");
const { openNameless } = require("./temporary-file.js");

/** Bytes in front of each chunk in a file, for its length. */
const HEAD = 4;
/** Bytes after which another file is begun: a file goes when nothing in it is wanted any more. */
const FILE_SIZE = 64 * 1024 * 1024;
/** What is put in at once counts as so many bytes at least, since where it stands takes memory. */
const LEAST = 4096;
/** Bytes that are written at once, and read at once. */
const BLOCK = 256 * 1024;
const READ = 64 * 1024;

const noop = () => {};

/** A file, as long as there are `users`: what is written to it, and what stands in it. */
class Segment {
  #file = openNameless();
  /** Its end. */
  length = 0;
  /** What it counts as. */
  charge = 0;
  users = 0;

  /** Writes chunks at the end, each behind its length; `length` bytes in all. If that fails, the end stays where it is. */
  async write(chunks, length) {
    const file = await this.#file;
    const block = Buffer.allocUnsafeSlow(Math.min(BLOCK, length));
    let end = this.length;
    let used = 0;
    const flush = async () => {
      for (let done = 0; done < used; ) {
        const { bytesWritten } = await file.write(block, done, used - done, end);
        done += bytesWritten;
        end += bytesWritten;
      }
      used = 0;
    };
    for (const chunk of chunks) {
      if (block.length - used < HEAD) await flush();
      used = block.writeUInt32LE(chunk.length, used);
      for (let taken = 0; taken < chunk.length; ) {
        if (used === block.length) await flush();
        const part = chunk.subarray(taken, taken + block.length - used);
        block.set(part, used);
        used += part.length;
        taken += part.length;
      }
    }
    await flush();
    this.length = end;
  }

  /** Fills `bytes` from `from` on with what stands at `at`. */
  async fill(bytes, from, at) {
    const file = await this.#file;
    for (let done = from; done < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, at + done - from);
      if (bytesRead === 0) throw new Error(`The temporary file ends at ${at + done - from} of ${this.length} bytes.`);
      done += bytesRead;
    }
  }

  async close() {
    // Without a file there is nothing to close, and who wanted to write knows.
    const file = await this.#file.catch(noop);
    await file?.close();
  }
}

/** Where the chunks of one stream stand. */
class Stored {
  #leave;
  /** @type {{ segment: Segment, at: number, end: number }[]} */
  extents = [];
  dropped = false;

  constructor(leave) {
    this.#leave = leave;
  }

  get isEmpty() {
    return this.extents.length === 0;
  }

  /** Forgets them. */
  drop() {
    this.dropped = true;
    for (const { segment } of this.extents) this.#leave(segment);
    this.extents = [];
  }
}

/** Knows nothing of its session, by way of which a stream that the application has let go of could still be reached. */
class Spool {
  #readAhead;
  /** The file that is being written, if there is one. @type {Segment | null} */
  #last = null;
  #charge = 0;

  /** @param {{ used: number }} readAhead What all of the server's files count as. */
  constructor(readAhead) {
    this.#readAhead = readAhead;
  }

  /** What its files count as, in bytes. */
  get charge() {
    return this.#charge;
  }

  /** A place for chunks of one stream. */
  open() {
    return new Stored(this.#leave);
  }

  /**
   * Puts chunks in. Only when the call before has settled.
   *
   * @param {Stored} stored
   * @param {Uint8Array[]} chunks
   * @throws What the system says. Nothing of them is in then.
   */
  async append(stored, chunks) {
    if (this.#last === null || this.#last.length >= FILE_SIZE) this.#last = new Segment();
    const segment = this.#last;
    const at = segment.length;
    const length = chunks.reduce((sum, chunk) => sum + HEAD + chunk.length, 0);
    segment.users++;
    try {
      await segment.write(chunks, length);
    } catch (error) {
      this.#leave(segment);
      throw error;
    }
    const charge = Math.max(length, LEAST);
    segment.charge += charge;
    this.#count(charge);
    if (stored.dropped) return this.#leave(segment);
    const end = at + length;
    const before = stored.extents.at(-1);
    if (before?.segment !== segment || before.end !== at) stored.extents.push({ segment, at, end });
    else {
      before.end = end;
      this.#leave(segment);
    }
  }

  /**
   * Takes the next chunks out. Only when the call before, of the same stream, has settled.
   *
   * @param {Stored} stored Not empty.
   * @returns {Promise<Buffer[]>} One, or several small ones. None where it was dropped meanwhile.
   */
  async take(stored) {
    const [extent] = stored.extents;
    const { segment, at, end } = extent;
    const block = Buffer.allocUnsafeSlow(Math.min(READ, end - at));
    await segment.fill(block, 0, at);
    const chunks = [];
    let taken = 0;
    for (let cost = 0; taken + HEAD <= block.length && cost < READ; ) {
      const length = block.readUInt32LE(taken);
      const from = taken + HEAD;
      if (length === 0 || from + length > end - at) throw new Error("The temporary file holds what was not written to it.");
      if (from + length > block.length && chunks.length > 0) break;
      // Each has memory of its own, so that no more is kept than is counted.
      const chunk = Buffer.allocUnsafeSlow(length);
      const there = block.copy(chunk, 0, from, from + length);
      await segment.fill(chunk, there, at + from + there);
      chunks.push(chunk);
      cost += length + CHUNK_COST;
      taken = from + length;
    }
    if (stored.dropped) return [];
    extent.at += taken;
    if (extent.at === extent.end) {
      stored.extents.shift();
      this.#leave(segment);
    }
    return chunks;
  }

  #leave = (segment) => {
    if (--segment.users > 0) return;
    if (this.#last === segment) this.#last = null;
    this.#count(-segment.charge);
    // If that fails, nothing is lost that anybody wants.
    segment.close().catch(noop);
  };

  #count(charge) {
    this.#charge += charge;
    this.#readAhead.used += charge;
  }
}

module.exports = { Spool };
