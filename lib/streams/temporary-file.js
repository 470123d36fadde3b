"use strict";

// Files for what streams have no room for in memory.

const { randomUUID } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

/** libuv's flag for a file that Windows deletes when it is closed; other systems ignore it. */
const UV_FS_O_TEMPORARY = 0x40;

/** Opens a file that nobody else can open and that is gone when it is closed, however the process ends. */
async function openNameless() {
  const name = path.join(os.tmpdir(), `cryo-stream-${randomUUID()}`);
  const { O_CREAT, O_EXCL, O_RDWR } = fs.constants;
  if (process.platform === "win32") return fs.promises.open(name, O_CREAT | O_EXCL | O_RDWR | UV_FS_O_TEMPORARY, 0o600);
  const file = await fs.promises.open(name, O_CREAT | O_EXCL | O_RDWR, 0o600);
  try {
    await fs.promises.unlink(name);
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

module.exports = { openNameless };
