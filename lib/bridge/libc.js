"use strict";

// The C library of a Linux process, which its addon has to be built for.

const fs = require("node:fs");

/** Where the numbers stand in the heads of a 64-bit ELF file and of its segments, as elf(5) has them. */
const SEGMENTS_AT = 32;
const SEGMENT_COUNT = 56;
const FILE_HEAD = 64;
const SEGMENT_HEAD = 56;
const OFFSET = 8;
const LENGTH = 32;

/** What a file of 64 bits, the low bytes first, begins with: as all platforms with a prebuilt addon have it. */
const MAGIC = Buffer.from("\x7fELF\x02\x01", "latin1");
/** The segment that names the program's loader. */
const PT_INTERP = 3;
/** Bytes of a path, at most. */
const LONGEST_PATH = 4096;

/** Of this process, once it is known. @type {"gnu" | "musl" | undefined} */
let known;

/** @returns {"gnu" | "musl"} The C library that this process runs on. */
function linuxLibc() {
  known ??= libcOf(process.execPath) ?? reportedLibc();
  return known;
}

/**
 * The C library of a program, by the loader that it asks for.
 *
 * @param {string} file
 * @returns {"gnu" | "musl" | null} Null where the file does not tell: it can't be read, is none of this platform's, or the loader itself.
 */
function libcOf(file) {
  try {
    const loader = loaderOf(file);
    if (loader === "") return null;
    return loader.includes("ld-musl") ? "musl" : "gnu";
  } catch {
    return null;
  }
}

/** The path of a program's loader; empty where there is none. Throws for what can't be read. */
function loaderOf(file) {
  const handle = fs.openSync(file, "r");
  try {
    // What is beyond the file's end reads as zeros.
    const read = (at, length) => {
      const bytes = Buffer.alloc(length);
      fs.readSync(handle, bytes, 0, length, at);
      return bytes;
    };
    const head = read(0, FILE_HEAD);
    if (!head.subarray(0, MAGIC.length).equals(MAGIC)) return "";
    const segments = read(head.readBigUInt64LE(SEGMENTS_AT), head.readUInt16LE(SEGMENT_COUNT) * SEGMENT_HEAD);
    for (let at = 0; at < segments.length; at += SEGMENT_HEAD) {
      if (segments.readUInt32LE(at) !== PT_INTERP) continue;
      const length = Math.min(Number(segments.readBigUInt64LE(at + LENGTH)), LONGEST_PATH);
      return read(segments.readBigUInt64LE(at + OFFSET), length).toString("latin1").split("\0")[0];
    }
    return "";
  } finally {
    fs.closeSync(handle);
  }
}

/**
 * By the diagnostic report, which names glibc's version; musl has none to name. Not in the first place: a report waits until each worker thread has
 * answered, however long that is busy.
 */
function reportedLibc() {
  // Without this the report looks up a name for the peer of every open socket.
  const { excludeNetwork } = process.report;
  process.report.excludeNetwork = true;
  try {
    return process.report.getReport().header.glibcVersionRuntime ? "gnu" : "musl";
  } finally {
    process.report.excludeNetwork = excludeNetwork;
  }
}

module.exports = { libcOf, linuxLibc };
