// The server.

import type * as http from "node:http";
import type * as https from "node:https";

import { TypedEmitter } from "./emitter";
import type { ICryoExtension } from "./extension";
import type { ICryoRequestValidator, ICryoWebsocketServerOptions, SSLOptions } from "./options";
import type { CryoServerWebsocketSession } from "./session";

/** Events of a server that 3.0.9 has, too: a table of listeners for all of them needs no more. */
export interface CryoWebsocketServerEvents {
  /**
   * A client is connected. Listeners attached here, also after an `await` of something that is already resolved, miss no message. It
   * comes behind `closed` of an older session with the same id, whose receive hooks may delay it by the option `closeTimeoutMs`.
   */
  session: (session: CryoServerWebsocketSession) => void;
  /** The server accepts connections. */
  listening: () => void;
}

/** Events of a server that 3.0.9 does not have. */
export interface CryoWebsocketServerAddedEvents {
  /**
   * A listener, hook or validator of the application threw or rejected, or a payload is lost (`ERR_CRYO_PAYLOAD_LOST`).
   * The server goes on, unless it is the server itself that has failed (`ERR_CRYO_SERVER_FAILED`). Without a listener, a process warning
   * with the code `CRYO_APPLICATION_ERROR` takes its place.
   *
   * @param error What was thrown, or what a promise was rejected with: not always an Error.
   * @param session Whose event or message it was; null where there is none.
   * @param where What failed, such as `listener of 'message-utf8'`, `before_send_utf8 of extension 'logger'`, `validator`,
   *   `verifyOrigin`, `source of a stream`, `delivery` (of a payload that is lost) or `I/O thread` (the server itself).
   */
  error: (error: unknown, session: CryoServerWebsocketSession | null, where: string) => void;
}

/** What {@link cryo} returns. */
export declare class CryoWebsocketServer extends TypedEmitter<CryoWebsocketServerEvents, CryoWebsocketServerAddedEvents> {
  private constructor();

  /**
   * The server underneath, for its `address()` and `listening` (null and false once the server is ending) and its events: `request` for
   * requests that are no upgrade to Cryo (an Express app on the same port; without a listener they are answered with 426), `error` (such as
   * EADDRINUSE) and `close`. Its `maxConnections` holds besides the option of that name.
   */
  get http_server(): http.Server | https.Server;

  /**
   * Adds an extension behind those that are registered. Messages that are in hooks already do not see it.
   *
   * @throws {CryoError} `Extension '<name>' is already registered!`, code `ERR_CRYO_EXTENSION_EXISTS`; on a server that has ended, code
   *   `ERR_CRYO_SERVER_CLOSED`.
   * @throws {TypeError} For what is no object with a name, code `ERR_CRYO_INVALID_ARGUMENT`.
   */
  RegisterExtension(extension: ICryoExtension): void;
  /**
   * Removes an extension: the very object, whatever its name is now, or the one that was registered by that name. One that is not
   * registered is ignored.
   */
  UnregisterExtension(extension: ICryoExtension | string): void;
  /** The extension of that name; null where there is none. */
  GetExtension(name: string): ICryoExtension | null;

  /**
   * Connects to another Cryo server as a client. Extensions, heartbeat and limits are those of this server's other
   * sessions. The event `session` is not emitted; listeners attached when the promise resolves miss nothing. The session
   * does not reconnect.
   *
   * Over TLS the other server's certificate is verified as Node's own clients do it: with Node's root certificates and
   * NODE_EXTRA_CA_CERTS, or those of `tls.setDefaultCACertificates()`, unless NODE_TLS_REJECT_UNAUTHORIZED is 0.
   *
   * @param host Such as `ws://127.0.0.1:8080`, `wss://example.com/path` or `127.0.0.1:8080`.
   * @param bearer The token the other server's validator is to see.
   * @returns A session whose `__TYPE` is `peer`. Rejects with a TypeError, `ERR_CRYO_INVALID_ARGUMENT`, for a host that is no such
   *   URL or a token that is no string, and with `ERR_CRYO_PEER_UNREACHABLE`, `ERR_CRYO_PEER_TLS`, `ERR_CRYO_PEER_REFUSED`
   *   ({@link CryoPeerRefusedError}), `ERR_CRYO_PEER_TIMEOUT` after the option `handshakeTimeoutMs`, or `ERR_CRYO_SERVER_CLOSED`.
   */
  ConnectPeer(host: string, bearer: string): Promise<CryoServerWebsocketSession>;

  /**
   * Stops accepting connections and lets existing sessions go on. Sessions still open at the deadline are closed as by
   * {@link Destroy}, which may also be called earlier.
   *
   * @param deadlineMs Time in ms from now, 0 to 2^31-1. Default: 10000.
   * @returns Resolves when all is closed, within the deadline and the time of {@link Destroy}.
   * @throws {TypeError} For a deadline that can't be used, code `ERR_CRYO_INVALID_ARGUMENT`.
   */
  Drain(deadlineMs?: number): Promise<void>;
  /**
   * Sets key and certificate for new connections; existing ones keep theirs.
   *
   * @throws {TypeError} If they can't be used, or if the server was started without the option `ssl`, code `ERR_CRYO_INVALID_OPTION`;
   *   the message says why, and the old ones stay.
   */
  UpdateTLS(ssl: SSLOptions): void;
  /** Figures of this server in the Prometheus text format 0.0.4. The repository's docs/operations.md lists them. */
  Metrics(): string;
  /**
   * Closes the server and every session. Resolves when all is closed. Send hooks that still run, sending what is queued and the
   * peers' answers may each take the option `closeTimeoutMs`; refused clients have up to 2 s.
   */
  Destroy(): Promise<void>;
}

/**
 * Starts a server. It listens from the call on; `listening` is emitted later.
 *
 * @param validator Decides who may connect.
 * @throws {TypeError | RangeError} For an option that can't be used, code `ERR_CRYO_INVALID_OPTION`.
 * @throws {TypeError} For a validator that can't be used, code `ERR_CRYO_INVALID_ARGUMENT`.
 * @throws {CryoError} Code `ERR_CRYO_NATIVE_MISSING`.
 * @example
 * const server = cryo({ validate: async (token) => token === "secret" }, { port: 8080 });
 * server.on("session", (session) => {
 *   session.on("message-utf8", (text) => session.SendUTF8(text));
 * });
 */
export declare function cryo(validator: ICryoRequestValidator, options?: ICryoWebsocketServerOptions): CryoWebsocketServer;
