// The server.

import type * as http from "node:http";
import type * as https from "node:https";

import { TypedEmitter } from "./emitter";
import type { ICryoExtension } from "./extension";
import type { ICryoRequestValidator, ICryoWebsocketServerOptions, SSLOptions } from "./options";
import type { CryoServerWebsocketSession } from "./session";

/** Events of a server. */
export interface CryoWebsocketServerEvents {
  /** A client was let in. Listeners attached here, even after an `await` of something resolved, miss no message. */
  session: (session: CryoServerWebsocketSession) => void;
  /** The server accepts connections. */
  listening: () => void;
  /**
   * A listener, hook or validator of the application threw or rejected, or a payload is lost (`ERR_CRYO_PAYLOAD_LOST`).
   * The server goes on. Where nobody listens, one process warning with the code `CRYO_APPLICATION_ERROR` takes its place.
   *
   * @param session Whose event or message it was; null where there is none.
   * @param where What failed, such as `listener of 'message-utf8'`, `before_send_utf8 of extension 'logger'`, `validator`,
   *   `verifyOrigin` or `source of a stream`.
   */
  error: (error: Error, session: CryoServerWebsocketSession | null, where: string) => void;
}

/** What {@link cryo} returns. */
export declare class CryoWebsocketServer extends TypedEmitter<CryoWebsocketServerEvents> {
  private constructor();

  /**
   * The server underneath, for its `address()`, `listening` and events: `request` for all that is no upgrade to Cryo (an
   * Express app on the same port), `error` (such as EADDRINUSE) and `close`.
   */
  get http_server(): http.Server | https.Server;

  /** @throws {CryoError} `Extension '<name>' is already registered!`, code `ERR_CRYO_EXTENSION_EXISTS`. */
  RegisterExtension(extension: ICryoExtension): void;
  UnregisterExtension(extension: ICryoExtension | string): void;
  GetExtension(name: string): ICryoExtension | null;

  /**
   * Connects to another Cryo server as a client. Extensions, heartbeat and limits are those of this server's other
   * sessions. The event `session` is not emitted: listeners attached to what the promise gives miss nothing. The session
   * does not reconnect.
   *
   * Over TLS the other server's certificate is verified as Node's own clients do: by Node's root certificates and
   * NODE_EXTRA_CA_CERTS, unless NODE_TLS_REJECT_UNAUTHORIZED is 0.
   *
   * @param host Such as `ws://127.0.0.1:8080`, `wss://example.com/path` or `127.0.0.1:8080`.
   * @param bearer The token the other server's validator is to see.
   * @returns A session whose `__TYPE` is `peer`. Rejects with a TypeError for a host that is no such URL, and with
   *   `ERR_CRYO_PEER_UNREACHABLE`, `ERR_CRYO_PEER_TLS`, `ERR_CRYO_PEER_REFUSED` ({@link CryoPeerRefusedError}),
   *   `ERR_CRYO_PEER_TIMEOUT` after the option `handshakeTimeoutMs`, or `ERR_CRYO_SERVER_CLOSED`.
   */
  ConnectPeer(host: string, bearer: string): Promise<CryoServerWebsocketSession>;

  /**
   * Stops accepting and lets the sessions there are go on. Those that have not left by the deadline are closed as by
   * {@link Destroy}, which may also be called before.
   *
   * @param deadlineMs Time in ms from now, 0 to 2^31-1. Default: 10000.
   * @returns Resolves when all is closed, within the deadline and the time of {@link Destroy}.
   * @throws {TypeError} For a deadline that can't be used, code `ERR_CRYO_INVALID_ARGUMENT`.
   */
  Drain(deadlineMs?: number): Promise<void>;
  /**
   * Sets key and certificate for connections to come; those there are keep theirs.
   *
   * @throws {TypeError} Where they can't be used, code `ERR_CRYO_INVALID_OPTION`; the old ones then stay.
   */
  UpdateTLS(ssl: SSLOptions): void;
  /** Figures of this server in the Prometheus text format 0.0.4; docs/operations.md lists them. */
  Metrics(): string;
  /**
   * Closes the server and every session. Resolves when all is closed. Send hooks at work, sending what is queued and the
   * peers' answers may each take the option `closeTimeoutMs`; refused clients have up to 2 s to go.
   */
  Destroy(): Promise<void>;
}

/**
 * Starts a server. It listens from here on; `listening` is emitted when it does.
 *
 * @param validator Decides who may connect.
 * @throws {TypeError | RangeError} For an option that can't be used, code `ERR_CRYO_INVALID_OPTION`.
 * @example
 * const server = cryo({ validate: async (token) => token === "secret" }, { port: 8080 });
 * server.on("session", (session) => {
 *   session.on("message-utf8", (text) => session.SendUTF8(text));
 * });
 */
export declare function cryo(validator: ICryoRequestValidator, options?: ICryoWebsocketServerOptions): CryoWebsocketServer;
