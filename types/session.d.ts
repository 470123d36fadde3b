// A session: one connected client or peer.

import { TypedEmitter } from "./emitter";
import type { CryoUpgradeRequest } from "./options";
import type { CRYO_FLOW_BEHAVIOUR, CryoReadable, CryoStreamSource, CryoTransactionManager } from "./stream";

/** Keys of {@link CryoServerWebsocketSession.Get} that every session has. */
export type CryoWebsocketSessionDefaultMetadata = "__TOKEN" | "__TYPE";

/** Events of a session that 3.0.9 has, too: a table of listeners for all of them needs no more. */
export interface ICryoServerWebsocketSessionEvents {
  /** A text message. */
  "message-utf8": (message: string) => void;
  /** A binary message. The Buffer is yours to keep. A small one shares its `ArrayBuffer` with other messages: use the Buffer, not its `buffer`. */
  "message-binary": (message: Buffer) => void;
  /** An ERROR frame. */
  "message-error": (message: string) => void;
  /** Round trip in ms, as an exponentially weighted mean; -1 while unknown. Every `keepAliveIntervalMs`, as all `stat-*`. */
  "stat-rtt": (milliseconds: number) => void;
  /** Bytes received so far. */
  "stat-bytes-rx": (bytes: number) => void;
  /** Bytes sent so far. */
  "stat-bytes-tx": (bytes: number) => void;
  /** Frames that were found unacknowledged for more than 2500 ms since the last event. */
  "stat-ack-timeout": (frames: number) => void;
  /** The peer has announced itself. Older clients never do; their messages come all the same. */
  connected: () => void;
  /** The session has ended. Exactly once, and the last event. Receive hooks that still run delay it by the option `closeTimeoutMs` at most. */
  closed: () => void;
}

/** Events of a session that 3.0.9 does not have. */
export interface CryoServerWebsocketSessionAddedEvents {
  /** Messages that the backpressure policy dropped since the last event. */
  dropped: (messages: number) => void;
}

/** `session.base`: messages. */
export declare class CryoBaseManager {
  private constructor();
  /**
   * Sends a ping, behind what was sent before; the heartbeat does so by itself. None is sent while the peer reads too slowly. Resolves at once,
   * without waiting for the pong.
   */
  Ping(): Promise<void>;
  /**
   * Sends a text message.
   *
   * @returns Resolves when the peer's acknowledgement has arrived, and only then. If it can't arrive any more, the option
   *   `undelivered` decides: with `"reject"` it rejects with a {@link CryoError} of code `ERR_CRYO_SESSION_CLOSED`, `ERR_CRYO_DROPPED` or
   *   `ERR_CRYO_ACK_TIMEOUT`. Whatever the option, rejects with a TypeError, `ERR_CRYO_INVALID_ARGUMENT`, for what is no string, and with
   *   `ERR_CRYO_PAYLOAD_TOO_LARGE` for more than 16 MiB in UTF-8. No rejection counts as unhandled.
   */
  SendUTF8(message: string): Promise<void>;
  /** Sends a binary message: the bytes of the view, copied before the call returns. Settles as {@link SendUTF8} does. */
  SendBinary(message: ArrayBufferView | ArrayBuffer): Promise<void>;
  /** Sends an ERROR frame. Settles as {@link SendUTF8} does; some clients never acknowledge one. */
  SendError(message: string): Promise<void>;
}

/**
 * One connected client or peer.
 *
 * @typeParam TStorageKeys Keys the application uses with {@link Set} and {@link Get}.
 */
export declare class CryoServerWebsocketSession<
  TStorageKeys extends string = string,
> extends TypedEmitter<ICryoServerWebsocketSessionEvents, CryoServerWebsocketSessionAddedEvents> {
  private constructor();

  /** The number the client chose for its session: unsigned, 64 bits. */
  readonly id: bigint;
  /** The same as {@link id}. */
  readonly sid: bigint;
  /** Bytes received. */
  readonly rx: number;
  /** Bytes sent. */
  readonly tx: number;
  /** What waits to be sent. `bytes` includes bytes that the socket has not taken yet; `frames` does not count their frames. */
  readonly queued: { readonly bytes: number; readonly frames: number };
  /** Messages that the backpressure policy has dropped. */
  readonly dropped: number;
  /** The upgrade request the session began with. A peer's is the one that was sent, with the other server's address and no headers. */
  readonly request: CryoUpgradeRequest;

  /** Sends and pings, as the older interface has them. */
  readonly base: CryoBaseManager;
  /** Its streams. */
  readonly stream: CryoTransactionManager;

  /** Keeps a value with the session. */
  Set(key: TStorageKeys | CryoWebsocketSessionDefaultMetadata, value: any): void;
  /** What {@link Set} kept. `__TOKEN` is the bearer token, `__TYPE` is `client` or `peer`. */
  Get(key: TStorageKeys | CryoWebsocketSessionDefaultMetadata): any;

  /**
   * Sends what is queued, then BYE with the reason, then closes with 4000.
   *
   * @param reason Default: `disconnect`.
   * @returns Resolves when the session has ended. Send hooks that still run, sending what is queued and the peer's answer may
   *   each take the option `closeTimeoutMs`.
   */
  Close(reason?: string): Promise<void>;
  /**
   * Sends what is queued and closes without BYE.
   *
   * @param code WebSocket close code. Default: 4000.
   * @param message Close reason; cut to 123 bytes. Default: `Closing session.`.
   * @throws {TypeError} For a code that a close frame can't have, code `ERR_CRYO_INVALID_ARGUMENT`. It takes 1000 to 1003, 1007 to 1014 and
   *   3000 to 4999.
   */
  Destroy(code?: number, message?: string): void;

  /** The same as `session.base.Ping()`. */
  SendPing(): Promise<void>;
  /** The same as `session.base.SendUTF8()`. */
  SendUTF8(message: string): Promise<void>;
  /** The same as `session.base.SendBinary()`. */
  SendBinary(message: ArrayBufferView | ArrayBuffer): Promise<void>;
  /** The same as `session.base.SendError()`. */
  SendError(message: string): Promise<void>;
  /** The same as `session.stream.Stream()`. */
  Stream(source: CryoStreamSource, name?: string): Promise<void>;
  /** The same as `session.stream.WaitForStream()`. */
  WaitForStream(name?: string, timeout?: number): Promise<CryoReadable>;
  /** The same as `session.stream.StreamRequestRange()`. */
  StreamFetchRange(stream: CryoReadable, start: number, end: number): Promise<void>;
  /** The same as `session.stream.SetIncomingFlowControl()`. */
  SetIncomingFlowControl(behaviour: CRYO_FLOW_BEHAVIOUR | number): Promise<void>;
}
