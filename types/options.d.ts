// What `cryo()` takes: the validator and the options.

import type { IncomingHttpHeaders } from "node:http";

/** The upgrade request a session began with. */
export interface CryoUpgradeRequest {
  /**
   * The client's IP address; behind proxies that {@link ICryoWebsocketServerOptions.trustProxy} names, the one they forward.
   * Undefined over a Unix domain socket.
   */
  readonly remoteAddress: string | undefined;
  /** The client's port; undefined over a Unix domain socket, and where a proxy forwards the address alone. */
  readonly remotePort: number | undefined;
  /** The IP address at the other end of the socket: the client's, or that of its last proxy. */
  readonly socketAddress: string | undefined;
  /** The request target: path and query, token included. */
  readonly url: string;
  /** Its headers by their names in lower case. Repeated ones are joined by `, `. */
  readonly headers: IncomingHttpHeaders;
}

/** Decides who may connect. Throwing or rejecting refuses with 503 and is reported as the server's `error` event. */
export interface ITokenValidator {
  /** @param token What follows `Bearer ` in the query parameter `authorization`. */
  validate(token: string): Promise<boolean>;
}

/** An {@link ITokenValidator} that may also look at the request and answer at once. */
export interface ICryoRequestValidator {
  /**
   * @param token What follows `Bearer ` in the query parameter `authorization`.
   * @param request The upgrade request.
   */
  validate(token: string, request: CryoUpgradeRequest): Promise<boolean> | boolean;
}

/**
 * Which messages are dropped when a session's queue is full. Only text and binary messages are ever dropped. A session is closed with 4002
 * when all other frames come to more than four times the queue's byte limit plus 16 MiB: its peer does not read. Messages that wait for
 * the `before_send_*` hooks of extensions have the same limits, counted separately; there `dedupe-latest` compares no payloads.
 *
 * - `drop-oldest`: the oldest queued message.
 * - `drop-newest`: the new message.
 * - `dedupe-latest`: a queued message of the same type and payload, also when the queue is not full. When it is full, the oldest queued
 *   message of the same type; if there is none, the oldest queued message of any type.
 */
export type DropPolicy = "drop-oldest" | "drop-newest" | "dedupe-latest";

/**
 * Ready-made backpressure limits, with `drop-oldest`:
 *
 * | | high water mark | low water mark | queued bytes | queued frames |
 * |---|---|---|---|---|
 * | `default` | 4 MiB | 1 MiB | 32 MiB | 4096 |
 * | `optimize_latency` | 512 KiB | 128 KiB | 4 MiB | 512 |
 * | `optimize_memory` | 256 KiB | 64 KiB | 2 MiB | 256 |
 */
export type BackpressureProfile = "default" | "optimize_latency" | "optimize_memory";

/** Backpressure limits of one session, as the typings of 3.0.9 spell them. */
export interface BackpressureOpts {
  /** Bytes waiting for the socket from which on sending is throttled. */
  HIGH_WATERMARK: number;
  /** At or below this many bytes sending goes on; at most `HIGH_WATERMARK`. */
  LOW_WATERMARK: number;
  /** Bytes the queue may hold. */
  MAX_QUEUED_BYTES: number;
  /** Frames the queue may hold. */
  MAX_QUEUE_SIZE: number;
  /** What is dropped when the queue is full. */
  DROP_POLICY: DropPolicy;
}

/** Backpressure limits of one session, as the README of 3.0.9 spells them, which has defaults of its own. */
export interface CryoBackpressureOptions {
  /**
   * Bytes waiting for the socket from which on sending is throttled.
   * @default 16 MiB
   */
  highWaterMark?: number | undefined;
  /**
   * At or below this many bytes sending goes on; at most `highWaterMark`.
   * @default 1 MiB
   */
  lowWaterMark?: number | undefined;
  /**
   * Bytes the queue may hold.
   * @default 8 MiB
   */
  maxQueuedBytes?: number | undefined;
  /**
   * Frames the queue may hold.
   * @default 1024
   */
  maxQueueCount?: number | undefined;
  /**
   * What is dropped when the queue is full.
   * @default "drop-oldest"
   */
  dropPolicy?: DropPolicy | undefined;
}

/** Has none of the keys of `Other`, so that those of either spelling can be read from what may be the other one. */
type Without<Other> = { [Key in keyof Other]?: undefined };

/**
 * Key and certificate of a TLS server, both PEM; `cert` may be a chain. Keys: RSA with 2048, 3072 or 4096 bits, ECDSA with P-256 or P-384,
 * and Ed25519, unencrypted. There are no other TLS settings: any other key makes the call throw.
 */
export interface SSLOptions {
  /** The private key. */
  key: Buffer | string;
  /** The certificate, followed by those between it and the root, if there are any. */
  cert: Buffer | string;
}

/** Every option is optional. A value that can't be used, `null` among them, makes the call throw a TypeError or RangeError. */
export interface ICryoWebsocketServerOptions {
  /**
   * TCP port, 0 to 65535; 0 takes any free one, and `http_server.address()` has its number.
   * @default 8080
   */
  port?: number | undefined;
  /**
   * Address or host name to listen on.
   * @default `::`, which takes IPv4 too; `0.0.0.0` where there is no IPv6
   */
  host?: string | undefined;
  /** Path of a Unix domain socket to listen on, in the place of `port` and `host`, with either of which it throws. Not on Windows. */
  path?: string | undefined;
  /** Listens with TLS 1.2 and 1.3. Left out, connections are plain text. */
  ssl?: SSLOptions | undefined;
  /**
   * Time in ms between two heartbeats: a ping, and the `stat-*` events. A peer that shows no sign of life between two heartbeats is
   * disconnected; one that may still be reading what was sent before the ping has up to 8 heartbeats more.
   * @default 15000
   */
  keepAliveIntervalMs?: number | undefined;
  /**
   * Limits of what waits to be sent to one session: a profile, or any of the limits in one of the two spellings. Upper-case limits
   * that are left out come from the profile `default`. Numbers are whole, and 1 or more; the low water mark may be 0. Unknown names throw.
   * @default "default"
   */
  backpressure?:
    | BackpressureProfile
    | (Partial<BackpressureOpts> & Without<CryoBackpressureOptions>)
    | (CryoBackpressureOptions & Without<BackpressureOpts>)
    | undefined;
  /**
   * What the promise of a send does when the peer's acknowledgement can't arrive any more: stay pending, or reject with
   * a {@link CryoError}. A `Stream()` that is cut short resolves with the first and rejects with the second.
   * @default "pending"
   */
  undelivered?: "pending" | "reject" | undefined;
  /**
   * What happens to a message whose extension hook throws: it goes on as the hook left it, or is dropped.
   * @default "pass"
   */
  extensionErrors?: "pass" | "drop" | undefined;
  /**
   * What happens to a client whose session id is in use: it is refused, or it replaces the older session. With either, it is refused while
   * another handshake has the id.
   * @default "refuse"
   */
  onDuplicateSid?: "refuse" | "replace" | undefined;
  /**
   * Time in ms a connection has for its whole handshake, TLS and validator included.
   * @default 10000
   */
  handshakeTimeoutMs?: number | undefined;
  /**
   * When a session ends, each of these steps may take this time in ms: running its send hooks, sending what is queued, and waiting for the
   * peer's close.
   * @default 2000
   */
  closeTimeoutMs?: number | undefined;
  /**
   * Handshakes in progress at a time, and connections that `http_server` has not taken yet because the event loop is busy. Above, they are
   * refused with 503; with TLS closed at once.
   * @default 1024
   */
  maxPendingHandshakes?: number | undefined;
  /**
   * Connections at a time, those of handshakes and plain HTTP included, and those that are over but have left the application something to
   * handle. Above, they are refused with 503; with TLS closed at once.
   * @default Infinity
   */
  maxConnections?: number | undefined;
  /**
   * Connections at a time from one address: that of the socket, which behind a proxy is the proxy's. The addresses of an IPv6 network of
   * 64 bits count as one. Above, connections are refused with 429; with TLS closed at once.
   * @default Infinity
   */
  maxConnectionsPerAddress?: number | undefined;
  /**
   * Largest payload in bytes that a peer may send, up to the protocol's 16 MiB. A larger one closes its connection with 1009. What the
   * application sends is not limited by it, and may always have up to 16 MiB.
   * @default 16 MiB
   */
  maxPayload?: number | undefined;
  /**
   * Bytes of one session that are received but not yet handled by the application. From there on, reading pauses. While the session waits
   * for an ACK and the application handles nothing, the limit grows, up to 16 times.
   * @default 1 MiB
   */
  maxUnreadBytes?: number | undefined;
  /**
   * Bytes of outgoing streams that one session may hold in memory.
   * @default 16 MiB
   */
  maxStreamBytes?: number | undefined;
  /**
   * Bytes of one chunk of an outgoing stream, up to 16 MiB.
   * @default 64 KiB
   */
  streamChunkBytes?: number | undefined;
  /**
   * Incoming streams that one session may have open. Above, its oldest unclaimed one is cancelled; claimed ones stay, until 4096 are open, or
   * this many if that is more: the next one that is claimed ends with `ERR_CRYO_STREAM_STORAGE` and is cancelled. As many again may be complete
   * and not claimed; above, the oldest of these is dropped, and the peer is not told.
   * @default 64
   */
  maxIncomingStreams?: number | undefined;
  /**
   * Bytes of one session's incoming streams that are not yet claimed with `WaitForStream`; of each name, only what exceeds 256 bytes counts.
   * Above, complete streams are dropped, the oldest first. Then the oldest open stream is cancelled or, if `tx-chunk` has a listener, continues
   * for that listener only.
   * @default 4 MiB
   */
  maxUnclaimedStreamBytes?: number | undefined;
  /**
   * Which `Origin` a browser may have: a list of origins, or a function that decides. Left out, any. A list has them as
   * browsers send them, such as `https://example.com` or `http://localhost:3000`: without a path, wildcards or the scheme's own port; what
   * none sends throws. Clients that send no `Origin` are no browsers; the function is asked about them, the list lets them in. Clients that are
   * not accepted get 403 before the validator is asked. If the function throws or rejects, the client gets 503, and the error is reported as
   * the `error` event.
   */
  verifyOrigin?:
    | readonly string[]
    | ((origin: string | undefined, request: CryoUpgradeRequest) => boolean | Promise<boolean>)
    | undefined;
  /**
   * The proxies whose `X-Forwarded-For` (or `Forwarded`, if there is none) is believed: all, none, or those with these addresses and CIDR
   * ranges. Only the request that the validator and the session see is affected.
   * @default false
   */
  trustProxy?: boolean | readonly string[] | undefined;
}
