"use strict";

// Reads from a built addon what platform it is for, by the headers of its file format: an artifact that lies under
// another platform's name would otherwise be noticed by that platform's users only.

const CPU = {
  elf: { 0x3e: "x64", 0xb7: "arm64" },
  macho: { 0x01000007: "x64", 0x0100000c: "arm64" },
  pe: { 0x8664: "x64", 0xaa64: "arm64" },
};

/**
 * @typedef {object} Addon
 * @property {string} os As `process.platform` names it.
 * @property {string} cpu As `process.arch` names it, or `unknown`.
 * @property {"glibc" | "musl"} [libc] On Linux: glibc if any of its versioned symbols is used.
 * @property {string} [glibc] The oldest glibc that has all of them, such as `2.17`.
 */

/**
 * @param {Buffer} bytes A whole file.
 * @returns {Addon | null} null for what is no 64-bit little-endian library of Linux, macOS or Windows.
 */
function inspectAddon(bytes) {
  if (bytes.length < 64) return null;
  // ELF: magic, 64-bit, little-endian; e_machine at 18.
  if (bytes.readUInt32BE(0) === 0x7f454c46 && bytes.readUInt16LE(4) === 0x0102) {
    const glibc = newestGlibc(bytes);
    const libc = glibc === null ? { libc: "musl" } : { libc: "glibc", glibc };
    return { os: "linux", cpu: CPU.elf[bytes.readUInt16LE(18)] ?? "unknown", ...libc };
  }
  // Mach-O: MH_MAGIC_64, then the CPU type.
  if (bytes.readUInt32LE(0) === 0xfeedfacf) {
    return { os: "darwin", cpu: CPU.macho[bytes.readUInt32LE(4)] ?? "unknown" };
  }
  // PE: the DOS header names the place of "PE\0\0", which the machine follows.
  if (bytes.toString("latin1", 0, 2) === "MZ") {
    const header = bytes.readUInt32LE(0x3c);
    if (header + 6 > bytes.length || bytes.toString("latin1", header, header + 4) !== "PE\0\0") return null;
    return { os: "win32", cpu: CPU.pe[bytes.readUInt16LE(header + 4)] ?? "unknown" };
  }
  return null;
}

/** The newest of the `GLIBC_<version>` names in the table of needed symbol versions; null if there is none. */
function newestGlibc(bytes) {
  const versions = Array.from(bytes.toString("latin1").matchAll(/\0GLIBC_(\d+)\.(\d+)/g), (match) => match.slice(1).map(Number));
  const newest = versions.sort((a, b) => a[0] - b[0] || a[1] - b[1]).at(-1);
  return newest === undefined ? null : newest.join(".");
}

module.exports = { inspectAddon };
