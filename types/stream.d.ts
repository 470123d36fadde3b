// A session's transactions: large data as Node.js streams, both ways.

import { Readable } from "node:stream";

import { TypedEmitter } from "./emitter";

/** How an outgoing stream moves: pushed at the peer, or fetched by it in ranges of chunks. */
export declare const CRYO_FLOW_BEHAVIOUR: {
  /** The sender pushes: the stream flows as fast as the receiver reads. */
  readonly TX_PUSH: 0;
  /** The sender announces the stream, and the receiver fetches ranges of its chunks. */
  readonly TX_PULL: 1;
};
/** One of the values of the constant of the same name. */
export type CRYO_FLOW_BEHAVIOUR = 0 | 1;

/** A stream the peer sends. Destroying it early cancels the transaction. */
export declare class CryoReadable extends Readable {
  private constructor();
  /** The transaction's number. */
  readonly txId: number;
  /** Size of the whole stream in bytes, as its sender announced it; -1 where it did not. */
  readonly announcedBytes: number;
}

/** A piece of an outgoing stream. Strings go out as UTF-8. */
export type CryoStreamChunk = string | ArrayBufferView | ArrayBuffer;

/** A WHATWG ReadableStream, which the DOM's types and those of Node.js each declare in their own way. */
export interface CryoWebReadable {
  getReader(): { read(): Promise<{ done: boolean; value?: any }> };
}

/** What can be streamed to a peer. */
export type CryoStreamSource =
  | CryoStreamChunk
  | NodeJS.ReadableStream
  | CryoWebReadable
  | AsyncIterable<CryoStreamChunk>
  | Iterable<CryoStreamChunk>;

/** Events of `session.stream`. */
export interface CryoTransactionEvents {
  /** The peer began a stream. */
  "tx-start": (txId: number, name: string) => void;
  /** A piece of it arrived. A listener may transfer its memory to another thread; `WaitForStream` does not give that stream then. */
  "tx-chunk": (txId: number, chunk: Buffer) => void;
  /** The peer sent its last piece. */
  "tx-finish": (txId: number) => void;
  /** The peer asks for the chunks `start` to `end` - 1 of an outgoing stream. */
  "tx-fetch": (txId: number, start: number, end: number) => void;
}

/** `session.stream`. Its methods may be called before `connected` and then wait for the peer to announce itself. */
export declare class CryoTransactionManager extends TypedEmitter<CryoTransactionEvents> {
  private constructor();
  /**
   * Streams `source` to the peer, no faster than the peer reads. From the call on, a Node.js stream is read at the peer's pace. Its other `data`
   * listeners and pipes get the same pieces at that pace and can't slow it down. To a peer that fetches, the source is read to its end first,
   * because its length is announced; where the temporary files of all such streams hold 2 GiB, the length is announced as -1, and the source
   * is read as its chunks are fetched.
   *
   * @param name Under which the peer can wait for it. Default: `anonymous`.
   * @returns Resolves when the peer has acknowledged the end of the stream. A stream that is cut short resolves too, unless the
   *   option `undelivered` is `"reject"`: then it rejects with a {@link CryoError} of code `ERR_CRYO_STREAM_CANCELLED`,
   *   `ERR_CRYO_STREAM_SOURCE`, `ERR_CRYO_STREAM_STORAGE`, `ERR_CRYO_SESSION_CLOSED` or `ERR_CRYO_ACK_TIMEOUT`. The source is
   *   destroyed in any case. Whatever the option, rejects with `ERR_CRYO_NO_TRANSACTIONS` if the peer does not take part in
   *   transactions, with `ERR_CRYO_STREAM_SOURCE` if the source can't be opened, and with a TypeError, `ERR_CRYO_INVALID_ARGUMENT`, for a
   *   source or name of the wrong type.
   */
  Stream(source: CryoStreamSource, name?: string): Promise<void>;
  /**
   * Waits for a stream of the peer, or takes one that has come already. Each stream is given to one caller.
   *
   * @param name Default: `anonymous`.
   * @param timeout In ms, 0 or more. Default: 2500. Above 2^31-1, `Infinity` among them, it waits until the session ends.
   * @returns Rejects with `Timeout elapsed!`, code `ERR_CRYO_STREAM_TIMEOUT`; with `ERR_CRYO_SESSION_CLOSED` when the session ends
   *   first, or has ended, and no stream of that name is left; with `ERR_CRYO_NO_TRANSACTIONS` when the peer has announced that it takes
   *   no part in transactions; with a TypeError, `ERR_CRYO_INVALID_ARGUMENT`, for a name or timeout that can't be used. While it is
   *   read, the stream may be destroyed with `ERR_CRYO_STREAM_CANCELLED`, `ERR_CRYO_STREAM_PREMATURE_CLOSE` or `ERR_CRYO_STREAM_STORAGE`.
   */
  WaitForStream(name?: string, timeout?: number): Promise<CryoReadable>;
  /**
   * Asks for chunks of a stream that the peer offers to be fetched (see {@link SetIncomingFlowControl}).
   *
   * @param start Index of the first chunk.
   * @param end Index after the last chunk (exclusive). A larger number than there are chunks, also `Infinity`, means all that remain.
   * @returns Resolves when the peer has acknowledged the request. With `undelivered: "reject"` it rejects with
   *   `ERR_CRYO_SESSION_CLOSED` or `ERR_CRYO_ACK_TIMEOUT` as a send does. Rejects with a TypeError, `ERR_CRYO_INVALID_ARGUMENT`, for
   *   arguments that can't be used.
   */
  StreamRequestRange(stream: CryoReadable, start: number, end: number): Promise<void>;
  /**
   * Sets whether the peer is to push its streams (0, the default) or to offer them to be fetched (1).
   *
   * @returns Resolves when the peer has acknowledged it. Rejects with `ERR_CRYO_NO_TRANSACTIONS` if the peer does not take part in
   *   transactions, and with a TypeError, `ERR_CRYO_INVALID_ARGUMENT`, for another number. With `undelivered: "reject"` also with
   *   `ERR_CRYO_SESSION_CLOSED` or `ERR_CRYO_ACK_TIMEOUT`, as a send does; without, it stays pending on a session that has ended.
   */
  SetIncomingFlowControl(behaviour: CRYO_FLOW_BEHAVIOUR | number): Promise<void>;
}
