// Extensions: hooks around every message of a server.

import type { CryoWebsocketServer } from "./server";
import type { CryoServerWebsocketSession } from "./session";

/** Holds a message while it passes the hooks; a hook changes the message by assigning to `value`. */
export type Box<T> = { value: T };

/**
 * Hooks for every message. They run in the order of registration; each is awaited and sees what the one before it left in the box. If one
 * answers `false`, the message is dropped and no further hook is called. All but the name are optional.
 *
 * Sends and streams that a `before_send_*` hook starts on its own session wait behind the message that the hook is looking at: a hook that
 * awaits one waits for itself. A value of another type in the box is reported, and the message goes on as it was before that hook, or is
 * dropped with the option `extensionErrors: "drop"`. A message that a `before_send_*` hook makes larger than 16 MiB is reported and always
 * dropped.
 *
 * The list of hooks is rebuilt at every `RegisterExtension` and `UnregisterExtension`, and after `on_register`. A hook added at any other time
 * is not called until the next rebuild. Replacing or removing a hook takes effect at once.
 */
export interface ICryoExtension {
  /** Unique among the extensions of a server. What counts is the name at the registration. */
  name: string;
  /** Called when the extension is registered. Hooks that it adds run from then on, those of an async one when its promise has settled. */
  on_register?(server: CryoWebsocketServer): unknown;
  /** Called when the extension is unregistered, and when the server is destroyed. */
  on_unregister?(server: CryoWebsocketServer): unknown;
  /** Before a text message is sent. */
  before_send_utf8?(session: CryoServerWebsocketSession, outgoing_message: Box<string>): Promise<boolean>;
  /** Before a binary message is sent. */
  before_send_binary?(session: CryoServerWebsocketSession, outgoing_message: Box<Buffer>): Promise<boolean>;
  /** Before an ERROR frame is sent. */
  before_send_error?(session: CryoServerWebsocketSession, outgoing_message: Box<string>): Promise<boolean>;
  /** Before `message-utf8` is emitted. */
  on_receive_utf8?(session: CryoServerWebsocketSession, incoming_message: Box<string>): Promise<boolean>;
  /** Before `message-binary` is emitted. */
  on_receive_binary?(session: CryoServerWebsocketSession, incoming_message: Box<Buffer>): Promise<boolean>;
  /** Before `message-error` is emitted. */
  on_receive_error?(session: CryoServerWebsocketSession, incoming_message: Box<string>): Promise<boolean>;
}
