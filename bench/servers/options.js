"use strict";

// What a server script is told on its command line.

const { readFileSync } = require("node:fs");
const path = require("node:path");
const { parseArgs } = require("node:util");

const CERTIFICATES = path.join(__dirname, "..", "..", "__test__", "support", "certs");

/**
 * @typedef {object} ServerOptions
 * @property {"echo" | "hooks" | "listener" | "push" | "stream"} work What the server does with messages.
 * @property {string | undefined} module The module to serve with, where there is a choice.
 * @property {number} size Payload of the messages it sends on its own, in bytes.
 * @property {number} heartbeat Interval between its pings, in milliseconds; 0 leaves it to the server's default.
 * @property {{ key: Buffer, cert: Buffer } | undefined} ssl Key and certificate, with `--tls`.
 * @property {{ key: string, cert: string }} sslFiles Where the two are.
 */

/** @returns {ServerOptions} */
function serverOptions() {
  const { values } = parseArgs({
    options: {
      work: { type: "string", default: "echo" },
      module: { type: "string" },
      size: { type: "string", default: "64" },
      heartbeat: { type: "string", default: "0" },
      tls: { type: "boolean", default: false },
    },
  });
  const sslFiles = { key: path.join(CERTIFICATES, "key.pem"), cert: path.join(CERTIFICATES, "cert.pem") };
  return {
    work: /** @type {ServerOptions["work"]} */ (values.work),
    module: values.module,
    size: Number(values.size),
    heartbeat: Number(values.heartbeat),
    ssl: values.tls ? { key: readFileSync(sslFiles.key), cert: readFileSync(sslFiles.cert) } : undefined,
    sslFiles,
  };
}

module.exports = { serverOptions };
