"use strict";

// The C library that a program is for, by what its file says; and files that say nothing.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { describe, test } = require("node:test");

const { libcOf } = require("../../lib/bridge/libc.js");
const { temporaryFolder } = require("../support/folder");

const PT_LOAD = 1;
const PT_INTERP = 3;

/**
 * A 64-bit ELF file with two segments behind its head, the second of which holds a text.
 *
 * @param {string} text
 * @param {object} [oddities] What is to be different.
 */
function elf(text, { type = PT_INTERP, at = 1000n, length = BigInt(text.length), segments = 64n, count = 2 } = {}) {
  const file = Buffer.alloc(1000 + text.length);
  file.write("\x7fELF\x02\x01\x01", "latin1");
  file.writeBigUInt64LE(segments, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(count, 56);
  file.writeUInt32LE(PT_LOAD, 64);
  file.writeUInt32LE(type, 64 + 56);
  file.writeBigUInt64LE(at, 64 + 56 + 8);
  file.writeBigUInt64LE(length, 64 + 56 + 32);
  file.write(text, 1000, "latin1");
  return file;
}

function libcOfBytes(t, bytes) {
  const file = path.join(temporaryFolder(t), "program");
  fs.writeFileSync(file, bytes);
  return libcOf(file);
}

describe("the C library of a program", () => {
  const programs = {
    "/lib64/ld-linux-x86-64.so.2\0": "gnu",
    "/lib/ld-linux-aarch64.so.1\0": "gnu",
    "/lib/ld-musl-x86_64.so.1\0": "musl",
    "/nix/store/4b-musl-1.2.5/lib/ld-musl-aarch64.so.1\0": "musl",
    "/nix/store/4b-glibc-2.40/lib/ld-linux-x86-64.so.2\0 ld-musl": "gnu",
  };
  for (const [loader, libc] of Object.entries(programs)) {
    test(`is ${libc} with the loader ${loader.replaceAll("\0", "")}`, (t) => {
      assert.equal(libcOfBytes(t, elf(loader)), libc);
    });
  }

  const MUSL = "/lib/ld-musl-x86_64.so.1\0";
  const narrow = elf(MUSL);
  narrow[4] = 1;
  const swapped = elf(MUSL);
  swapped[5] = 2;
  const silent = {
    "an empty file": Buffer.alloc(0),
    "a script": "#!/bin/sh\nexec node\n",
    "one of 32 bits": narrow,
    "one with the high bytes first": swapped,
    "one that is cut off": elf(MUSL).subarray(0, 40),
    "a loader itself": elf(MUSL, { type: PT_LOAD }),
    "one without segments": elf(MUSL, { count: 0 }),
    "one whose segments are elsewhere": elf(MUSL, { segments: 2n ** 20n }),
    "one whose segments are nowhere": elf(MUSL, { segments: 2n ** 64n - 1n, count: 65535 }),
    "one whose loader's name is elsewhere": elf(MUSL, { at: 2n ** 20n }),
    "one whose loader's name is nowhere": elf(MUSL, { at: 2n ** 64n - 1n, length: 2n ** 64n - 1n }),
  };
  for (const [what, bytes] of Object.entries(silent)) {
    test(`is not told by ${what}`, (t) => {
      assert.equal(libcOfBytes(t, bytes), null);
    });
  }

  test("is not told by what can't be read", (t) => {
    const folder = temporaryFolder(t);
    assert.equal(libcOf(folder), null);
    assert.equal(libcOf(path.join(folder, "missing")), null);
  });

  test("is told by this one", { skip: process.platform !== "linux" }, () => {
    assert.match(libcOf(process.execPath), /^(gnu|musl)$/);
  });
});
