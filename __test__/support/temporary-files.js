"use strict";

// The temporary files of streams: those that this process has open, and a system that has no room for them.

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const { until } = require("./wait");

/**
 * Lets temporary files fail to be made, until the test is over.
 *
 * @param {import("node:test").TestContext} t
 * @returns {() => void} Or until this is called.
 */
function withoutFolder(t) {
  const names = ["TMPDIR", "TEMP", "TMP"]; // what os.tmpdir() asks, by system
  const before = names.map((name) => process.env[name]);
  const missing = path.join(os.tmpdir(), `cryo-missing-${process.pid}`);
  for (const name of names) process.env[name] = missing;
  const restore = () =>
    names.forEach((name, i) => (before[i] === undefined ? delete process.env[name] : (process.env[name] = before[i])));
  t.after(restore);
  return restore;
}

/** The descriptors of this process that are temporary files. */
function spilled() {
  const folder = "/proc/self/fd";
  return fs.readdirSync(folder).filter((fd) => {
    try {
      return fs.readlinkSync(path.join(folder, fd)).includes("cryo-stream-");
    } catch {
      return false; // It has just been closed.
    }
  });
}

/** Closing a file takes a moment. */
async function assertClosed() {
  if (process.platform !== "linux") return;
  await until(() => spilled().length === 0, "the file to be closed");
}

module.exports = { assertClosed, spilled, withoutFolder };
