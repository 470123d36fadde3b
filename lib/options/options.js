"use strict";

// The options of `cryo()`: checked at the call, so that a mistake is an error there and not a surprise later, and
// returned with every default filled in. What each one means to an application stands in types/options.d.ts.

const { isIP } = require("node:net");

const { MAPPED_PREFIX, canonical } = require("../admission/forwarded.js");
const { argumentTypeError, optionError, optionRangeError, optionTypeError } = require("../errors.js");
const { normalizeBackpressure } = require("./backpressure.js");
const { MAX_BYTES, MAX_COUNT, duration, integer, object, oneOf, text } = require("./checks.js");
const { origin } = require("./origin.js");

const MIB = 1024 * 1024;
/** The protocol's limit for the payload of one frame. */
const MAX_PAYLOAD = 16 * MIB;

const BYTE_ORDER_MARK = Buffer.from("\uFEFF");

/** @type {Record<string, [fallback: any, check: import("./checks.js").Check]>} */
const OPTIONS = {
  port: [8080, port],
  host: [undefined, text],
  path: [undefined, text],
  ssl: [undefined, normalizeSsl],
  keepAliveIntervalMs: [15_000, duration],
  backpressure: [normalizeBackpressure("", "default"), normalizeBackpressure],
  undelivered: ["pending", oneOf("pending", "reject")],
  extensionErrors: ["pass", oneOf("pass", "drop")],
  onDuplicateSid: ["refuse", oneOf("refuse", "replace")],
  handshakeTimeoutMs: [10_000, duration],
  closeTimeoutMs: [2_000, duration],
  maxPendingHandshakes: [1024, integer(1, MAX_COUNT)],
  maxConnections: [Infinity, countOrInfinity],
  maxConnectionsPerAddress: [Infinity, countOrInfinity],
  maxPayload: [MAX_PAYLOAD, integer(1, MAX_PAYLOAD)],
  maxUnreadBytes: [MIB, integer(1, MAX_BYTES)],
  maxStreamBytes: [16 * MIB, integer(1, MAX_BYTES)],
  streamChunkBytes: [64 * 1024, integer(1, MAX_PAYLOAD)],
  maxIncomingStreams: [64, integer(1, MAX_COUNT)],
  maxUnclaimedStreamBytes: [4 * MIB, integer(1, MAX_BYTES)],
  verifyOrigin: [undefined, verifyOrigin],
  trustProxy: [false, trustProxy],
};

/**
 * Checks what `cryo()` was called with.
 *
 * Names that are no option are left alone: applications pass their own settings along. Left out and `undefined` are
 * the same.
 *
 * @param {unknown} validator
 * @param {unknown} [options]
 * @returns {Readonly<Record<string, any>>} Every option by its name, defaults filled in, `backpressure` in camelCase,
 *   `ssl` as Buffers; frozen.
 * @throws {TypeError | RangeError} `ERR_CRYO_INVALID_ARGUMENT` for the validator, `ERR_CRYO_INVALID_OPTION` for the rest.
 */
function normalizeOptions(validator, options = {}) {
  if (typeof validator?.validate !== "function") {
    throw argumentTypeError("validator", validator, "an object with a method validate(token)");
  }
  object("options", options);
  if (options.path !== undefined && (options.port !== undefined || options.host !== undefined)) {
    throw optionError("options.path replaces options.port and options.host; leave these two out.");
  }
  const normalized = Object.entries(OPTIONS).map(([name, [fallback, check]]) => {
    const value = options[name];
    return [name, value === undefined ? fallback : check(`options.${name}`, value)];
  });
  return Object.freeze(Object.fromEntries(normalized));
}

/** A TCP port. Digits in a string will do, as they do for Node's `server.listen`: environment variables are strings. */
function port(name, value) {
  const number = typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return integer(0, 65_535)(name, number);
}

function countOrInfinity(name, value) {
  if (value === Infinity) return value;
  return integer(1, MAX_COUNT)(name, value);
}

/**
 * Key and certificate of a TLS server. Whether they are PEM and belong together is for the TLS library to say.
 *
 * @param {string} name The option's path, for error messages.
 * @param {unknown} value
 * @returns {Readonly<{ key: Buffer, cert: Buffer }>}
 * @throws {TypeError} Where one of the two is missing, empty, or neither a string nor a Buffer; and for any other key.
 */
function normalizeSsl(name, value) {
  const { key, cert, ...others } = object(name, value, "an object with a key and a cert, both PEM");
  // Who asks for client certificates or a minimal version must not believe to have them.
  const unknown = Object.keys(others).find((other) => others[other] !== undefined);
  if (unknown !== undefined) {
    throw optionError(
      `${name} has no key ${JSON.stringify(unknown)}; its keys are "key" and "cert". ` +
        "There is TLS 1.2 and 1.3 without client certificates; let a proxy do TLS where that is not enough.",
    );
  }
  return Object.freeze({ key: pem(`${name}.key`, key), cert: pem(`${name}.cert`, cert) });
}

function pem(name, value) {
  const isText = typeof value === "string";
  if ((!isText && !(value instanceof Uint8Array)) || value.length === 0) {
    throw optionTypeError(name, value, "PEM text, as a Buffer or a string");
  }
  const bytes = isText ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  // Some editors put it there.
  return bytes.indexOf(BYTE_ORDER_MARK) === 0 ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}

function verifyOrigin(name, value) {
  if (typeof value === "function") return value;
  if (Array.isArray(value)) return Object.freeze(value.map((entry, index) => origin(`${name}[${index}]`, entry)));
  throw optionTypeError(name, value, "a function (origin, request) or an array of origins");
}

function trustProxy(name, value) {
  if (typeof value === "boolean") return value;
  if (Array.isArray(value)) return Object.freeze(value.map((range, index) => addressRange(`${name}[${index}]`, range)));
  throw optionTypeError(name, value, "true, false or an array of addresses and CIDR ranges");
}

/** An IP address, or a range of them such as `10.0.0.0/8`. */
function addressRange(name, value) {
  const takes = "an IP address or a CIDR range such as 10.0.0.0/8";
  if (typeof value !== "string") throw optionTypeError(name, value, takes);
  const [, address, prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const bits = { 4: 32, 6: 128 }[isIP(address ?? "")];
  if (bits === undefined) throw optionTypeError(name, value, takes);
  // A shorter one would go beyond the addresses of IPv4.
  const least = canonical(address) === address ? 0 : MAPPED_PREFIX;
  if (prefix !== undefined && (Number(prefix) > bits || Number(prefix) < least)) {
    throw optionRangeError(name, value, `${takes}, its prefix from ${least} to ${bits}`);
  }
  return value;
}

module.exports = { MAX_PAYLOAD, normalizeOptions, normalizeSsl };
