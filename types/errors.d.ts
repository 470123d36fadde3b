// The errors this package makes.

/**
 * What went wrong. Codes are stable, messages are not.
 *
 * - `ERR_CRYO_INVALID_OPTION`: an option of {@link cryo} is missing, misspelt, of the wrong type or out of range.
 *   On a TypeError or RangeError, thrown at the call.
 * - `ERR_CRYO_INVALID_ARGUMENT`: an argument of a method that can't be used. On a TypeError.
 * - `ERR_CRYO_SESSION_CLOSED`: the session ended before the peer acknowledged (or, for `WaitForStream`, before the stream came), or had
 *   ended before the call.
 * - `ERR_CRYO_DROPPED`: the backpressure policy dropped the message.
 * - `ERR_CRYO_ACK_TIMEOUT`: the peer did not acknowledge within 2500 ms.
 * - `ERR_CRYO_PAYLOAD_TOO_LARGE`: a payload, or a stream's name, over the protocol's 16 MiB, whatever the option `maxPayload` is. Goes
 *   to the server's `error` event where a `before_send_*` hook made a message so large.
 * - `ERR_CRYO_PAYLOAD_LOST`: a payload was received but could not be taken over, for example for lack of memory; `cause` says why. Goes
 *   to the server's `error` event; the session, or the connection of `http_server`, is closed.
 * - `ERR_CRYO_NATIVE_MISSING`: there is no addon for this platform, or it can't be loaded. Thrown by {@link cryo}.
 * - `ERR_CRYO_STREAM_TIMEOUT`: no stream of that name came in time (`Timeout elapsed!`).
 * - `ERR_CRYO_STREAM_CANCELLED`: the peer cancelled the stream.
 * - `ERR_CRYO_STREAM_SOURCE`: the source of an outgoing stream failed, or can't be opened; `cause` is its error.
 * - `ERR_CRYO_STREAM_STORAGE`: the temporary file of a stream can't be written or read; `cause` is the system's error, such as ENOSPC.
 *   Without one, the peer asked for a chunk too far beyond what has been read of the source; or a claimed stream that nobody read kept
 *   others waiting, and temporary files hold 2 GiB already; or a listener of `tx-chunk` has transferred one of its chunks; or too many streams of
 *   its session are open.
 * - `ERR_CRYO_STREAM_PREMATURE_CLOSE`: the session ended, or the peer used the stream's number again, before a stream that is being read
 *   was complete.
 * - `ERR_CRYO_NO_TRANSACTIONS`: the peer can't do transactions, or has not said that it can.
 * - `ERR_CRYO_PEER_UNREACHABLE`: there is no connection to the other server; `cause` is the system's error, such as
 *   ECONNREFUSED or ENOTFOUND.
 * - `ERR_CRYO_PEER_TLS`: there is no TLS with the other server, or no trust in its certificate.
 * - `ERR_CRYO_PEER_REFUSED`: the other server did not upgrade the connection; see {@link CryoPeerRefusedError}.
 * - `ERR_CRYO_PEER_TIMEOUT`: the other server did not answer in time.
 * - `ERR_CRYO_EXTENSION_EXISTS`: an extension of this name is registered already.
 * - `ERR_CRYO_SERVER_CLOSED`: the server was destroyed before the call of `ConnectPeer` or during it, or does not listen; or it
 *   had ended before the call of `RegisterExtension` or `http_server.listen()`.
 * - `ERR_CRYO_SERVER_FAILED`: the server has ended by a fault of its own, which the message tells; all of its connections are closed. Goes
 *   to its `error` event.
 * - `ERR_CRYO_UNSUPPORTED`: thrown by methods of `http_server` that there are on Node's servers only.
 * - `ERR_CRYO_CLUSTER_UNSUPPORTED`: the port of a cluster worker is in use, on a system where workers can't share it (any but Linux).
 *   Goes to the `error` event of `http_server`; `cause` is the system's error.
 */
export type CryoErrorCode =
  | "ERR_CRYO_INVALID_OPTION"
  | "ERR_CRYO_INVALID_ARGUMENT"
  | "ERR_CRYO_SESSION_CLOSED"
  | "ERR_CRYO_DROPPED"
  | "ERR_CRYO_ACK_TIMEOUT"
  | "ERR_CRYO_PAYLOAD_TOO_LARGE"
  | "ERR_CRYO_PAYLOAD_LOST"
  | "ERR_CRYO_NATIVE_MISSING"
  | "ERR_CRYO_STREAM_TIMEOUT"
  | "ERR_CRYO_STREAM_CANCELLED"
  | "ERR_CRYO_STREAM_SOURCE"
  | "ERR_CRYO_STREAM_STORAGE"
  | "ERR_CRYO_STREAM_PREMATURE_CLOSE"
  | "ERR_CRYO_NO_TRANSACTIONS"
  | "ERR_CRYO_PEER_UNREACHABLE"
  | "ERR_CRYO_PEER_TLS"
  | "ERR_CRYO_PEER_REFUSED"
  | "ERR_CRYO_PEER_TIMEOUT"
  | "ERR_CRYO_EXTENSION_EXISTS"
  | "ERR_CRYO_SERVER_CLOSED"
  | "ERR_CRYO_SERVER_FAILED"
  | "ERR_CRYO_UNSUPPORTED"
  | "ERR_CRYO_CLUSTER_UNSUPPORTED";

/** An error of this package. */
export declare class CryoError extends Error {
  constructor(code: CryoErrorCode, message: string, options?: { cause?: unknown });
  readonly name: "CryoError";
  readonly code: CryoErrorCode;
}

/** The rejection of `ConnectPeer` by the answer of the other server. */
export interface CryoPeerRefusedError extends CryoError {
  readonly code: "ERR_CRYO_PEER_REFUSED";
  /** The HTTP status of the answer; undefined where it was no HTTP. */
  readonly status: number | undefined;
  /** The reason phrase of the answer, or what was wrong with it. */
  readonly reason: string;
  /** The start of its body, up to 4 KiB. */
  readonly body: string;
}
