"use strict";

// Who is measured.

const { existsSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const SERVERS = path.join(__dirname, "..", "servers");
const ROOT = path.join(__dirname, "..", "..");

/**
 * @typedef {object} Contender
 * @property {string} id
 * @property {string} label Name and version.
 * @property {string} script The server script.
 * @property {string[]} args Its arguments, whatever is measured.
 * @property {boolean} raw A plain WebSocket server.
 */

/**
 * The servers that can be measured here. What doesn't load is left out.
 *
 * @param {import("./options.js").Options} options
 * @returns {Map<string, Contender>} By their ids; `cryo` is this package.
 */
function contenders({ uws, peerModule }) {
  const cryo = { id: "cryo", label: versioned(ROOT), script: script("cryo"), args: [], raw: false };
  // The same server as it is without the thing a point is about.
  const plain = { ...cryo, id: "plain", label: "without hooks" };
  const all = [cryo, plain];
  const here = createRequire(__filename);
  all.push({ id: "ws", label: versioned(path.dirname(here.resolve("ws"))), script: script("ws"), args: [], raw: true });
  const uwsModule = loadable(here, uws ?? "uwebsockets");
  if (uwsModule !== undefined) {
    const label = versioned(path.dirname(uwsModule));
    all.push({ id: "uws", label, script: script("uws"), args: ["--module", uwsModule], raw: true });
  } else if (uws !== undefined) {
    throw new Error(`--uws ${uws} does not load under Node.js ${process.version}`);
  }
  if (peerModule !== undefined) {
    const file = loadable(here, peerModule) ?? peerModule;
    const label = versioned(path.dirname(file));
    all.push({ id: "peer", label, script: script("cryo"), args: ["--module", file], raw: false });
  }
  return new Map(all.map((contender) => [contender.id, contender]));
}

function script(name) {
  return path.join(SERVERS, `${name}.js`);
}

/** The file behind a module's name, if it can be loaded. */
function loadable(here, name) {
  try {
    const file = here.resolve(name);
    here(file);
    return file;
  } catch {
    return undefined;
  }
}

/** Name and version of the package that `directory` belongs to. */
function versioned(directory) {
  for (let folder = directory; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const manifest = path.join(folder, "package.json");
    if (existsSync(manifest)) {
      const { name, version } = require(manifest);
      if (version !== undefined) return `${name} ${version}`;
    }
  }
  return path.basename(directory);
}

module.exports = { contenders };
