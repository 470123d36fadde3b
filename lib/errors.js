"use strict";

// The errors this package makes, and their codes. A code is stable across releases, a message is not.

const { inspect } = require("node:util");

/** Every code an error, a rejection or a process warning of this package can carry. */
const codes = Object.freeze({
  /** `cryo()`: an option is missing, misspelt, of the wrong type or out of range. On a TypeError or RangeError. */
  INVALID_OPTION: "ERR_CRYO_INVALID_OPTION",
  /** A method was called with something it can't take: a text that is no string, a stream name that is none. */
  INVALID_ARGUMENT: "ERR_CRYO_INVALID_ARGUMENT",
  /** The session ended before the peer acknowledged, or had ended before the call. */
  SESSION_CLOSED: "ERR_CRYO_SESSION_CLOSED",
  /** The backpressure policy discarded the message before it reached the socket. */
  DROPPED: "ERR_CRYO_DROPPED",
  /** The peer did not acknowledge within 2500 ms. */
  ACK_TIMEOUT: "ERR_CRYO_ACK_TIMEOUT",
  /** A payload, or a stream's name, over the protocol's 16 MiB. */
  PAYLOAD_TOO_LARGE: "ERR_CRYO_PAYLOAD_TOO_LARGE",
  /** A payload that came can't be taken over, such as for lack of memory; `cause` says why. Its session or connection is closed. */
  PAYLOAD_LOST: "ERR_CRYO_PAYLOAD_LOST",
  /** There is no addon for this platform, or it can't be loaded. */
  NATIVE_MISSING: "ERR_CRYO_NATIVE_MISSING",
  /** No stream of that name arrived within the time-out of `WaitForStream`. */
  STREAM_TIMEOUT: "ERR_CRYO_STREAM_TIMEOUT",
  /** The peer cancelled the stream. */
  STREAM_CANCELLED: "ERR_CRYO_STREAM_CANCELLED",
  /** The source of an outgoing stream failed, or can't be opened; `cause` is its error. */
  STREAM_SOURCE: "ERR_CRYO_STREAM_SOURCE",
  /**
   * The temporary file of a stream can't be written or read; `cause` is the system's error. Or the peer asked for a chunk too far beyond
   * what has been read of the source. Or nobody read a stream that kept others waiting, and files have no room. Or a listener of `tx-chunk` has
   * transferred a chunk of a stream that is read. Or too many streams are open.
   */
  STREAM_STORAGE: "ERR_CRYO_STREAM_STORAGE",
  /** The session ended, or the stream's number was taken again, before the stream was through. */
  STREAM_PREMATURE_CLOSE: "ERR_CRYO_STREAM_PREMATURE_CLOSE",
  /** The peer can't do transactions, or has not said that it can. */
  NO_TRANSACTIONS: "ERR_CRYO_NO_TRANSACTIONS",
  /** `ConnectPeer`: there is no connection to the other server; `cause` is the system's error, such as ECONNREFUSED. */
  PEER_UNREACHABLE: "ERR_CRYO_PEER_UNREACHABLE",
  /** `ConnectPeer`: there is no TLS with the other server, or no trust in its certificate. */
  PEER_TLS: "ERR_CRYO_PEER_TLS",
  /** `ConnectPeer`: the other server did not upgrade the connection; `status`, `reason` and `body` are its answer. */
  PEER_REFUSED: "ERR_CRYO_PEER_REFUSED",
  /** `ConnectPeer`: the other server did not answer in time. */
  PEER_TIMEOUT: "ERR_CRYO_PEER_TIMEOUT",
  /** An extension of this name is registered already. */
  EXTENSION_EXISTS: "ERR_CRYO_EXTENSION_EXISTS",
  /**
   * `ConnectPeer`, `http_server.listen`: the server was destroyed before the call or during it, or does not listen. `RegisterExtension`: it has
   * ended.
   */
  SERVER_CLOSED: "ERR_CRYO_SERVER_CLOSED",
  /** The server has ended by a fault of its own, which the message tells; all of its connections are closed. */
  SERVER_FAILED: "ERR_CRYO_SERVER_FAILED",
  /** A method of `http_server` that there is on Node's servers only. */
  UNSUPPORTED: "ERR_CRYO_UNSUPPORTED",
  /** `http_server`'s `error`: a worker's port is in use, and its system can't share it among the workers; `cause` is its error. */
  CLUSTER_UNSUPPORTED: "ERR_CRYO_CLUSTER_UNSUPPORTED",
  /** Process warning: a listener, hook or validator of the application failed and nobody listens for `error`. */
  APPLICATION_ERROR: "CRYO_APPLICATION_ERROR",
});

/** An error with one of the {@link codes}. */
class CryoError extends Error {
  /**
   * @param {string} code One of the {@link codes}.
   * @param {string} message What was wrong, with what value, and what to do about it.
   * @param {ErrorOptions} [options] `cause`, where another error is behind this one.
   */
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}

// On the prototype, as the built-in error classes have it, so that no instance owns an enumerable `name`.
Object.defineProperty(CryoError.prototype, "name", { value: "CryoError", configurable: true, writable: true });

/**
 * Whether an error is one of this package's with that code. It may be whatever an application has thrown, such as a proxy that was revoked: a look at
 * it throws.
 *
 * @param {unknown} error
 * @param {string} code One of the {@link codes}.
 */
function hasCode(error, code) {
  try {
    return error instanceof CryoError && error.code === code;
  } catch {
    return false;
  }
}

const SHOWN_LENGTH = 80;

/** A value as an error message shows it: short, on one line, without running code of the value's own, and never a private key. */
function show(value) {
  if (typeof value === "function") return "a function";
  if (value instanceof Uint8Array) return `a Buffer of ${value.byteLength} bytes`;
  let text;
  try {
    text = inspect(value, { breakLength: Infinity, customInspect: false, depth: 0, maxStringLength: SHOWN_LENGTH / 2 });
  } catch {
    // A view of memory that was transferred to somebody else.
    return "something that can't be shown";
  }
  if (text.includes("PRIVATE KEY")) return "something with a private key in it";
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text;
}

/**
 * For an option of the wrong type or spelling.
 *
 * @param {string} name The option's path, such as `options.ssl.key`.
 * @param {unknown} value What was passed.
 * @param {string} takes What the option takes, as it follows "takes" in a sentence.
 * @returns {TypeError & { code: string }}
 */
function optionTypeError(name, value, takes) {
  return coded(TypeError, codes.INVALID_OPTION, name, value, takes);
}

/**
 * For an option of the right type whose value is out of range. Parameters as for {@link optionTypeError}.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {string} takes
 * @returns {RangeError & { code: string }}
 */
function optionRangeError(name, value, takes) {
  return coded(RangeError, codes.INVALID_OPTION, name, value, takes);
}

/**
 * For an option whose mistake is told better than by its value.
 *
 * @param {string} reason A sentence: what is wrong, and what to do.
 * @param {ErrorOptions} [options] `cause`, where another error is behind this one.
 * @returns {TypeError & { code: string }}
 */
function optionError(reason, options) {
  return Object.assign(new TypeError(reason, options), { code: codes.INVALID_OPTION });
}

/**
 * For an argument of a method that is of the wrong type. Parameters as for {@link optionTypeError}.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {string} takes
 * @returns {TypeError & { code: string }}
 */
function argumentTypeError(name, value, takes) {
  return coded(TypeError, codes.INVALID_ARGUMENT, name, value, takes);
}

/**
 * For an argument that may be a secret, which is not shown where it is of the wrong type.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {string} takes
 * @returns {TypeError & { code: string }}
 */
function secretTypeError(name, value, takes) {
  const type = value === undefined || value === null ? String(value) : `a value of type ${typeof value}`;
  return argumentError(`${name} takes ${takes}, not ${type}.`);
}

/**
 * For a call that is wrong in a way that is told better than by the value of an argument.
 *
 * @param {string} reason A sentence: what is wrong, and what to do.
 * @returns {TypeError & { code: string }}
 */
function argumentError(reason) {
  return Object.assign(new TypeError(reason), { code: codes.INVALID_ARGUMENT });
}

function coded(ErrorClass, code, name, value, takes) {
  return Object.assign(new ErrorClass(`${name} takes ${takes}, not ${show(value)}.`), { code });
}

module.exports = {
  CryoError,
  argumentError,
  argumentTypeError,
  codes,
  hasCode,
  optionError,
  optionRangeError,
  optionTypeError,
  secretTypeError,
};
