"use strict";

// Folders that are gone when the test is over.

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

/**
 * @param {{ after: (fn: () => void) => void }} t The test that removes it.
 * @returns {string} An empty folder.
 */
function temporaryFolder(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cryo-test-"));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A path for a Unix domain socket, which nothing is at and nothing will be after the test. @returns {string} */
function freePath(t) {
  return path.join(temporaryFolder(t), "socket");
}

module.exports = { freePath, temporaryFolder };
