// The types of cryo-server. They need @types/node, 20 or later, which TypeScript 6 and later do not take up by themselves.
/// <reference types="node" />

export { CryoError, type CryoErrorCode, type CryoPeerRefusedError } from "./types/errors";
export type { Box, ICryoExtension } from "./types/extension";
export type {
  BackpressureOpts,
  BackpressureProfile,
  CryoBackpressureOptions,
  CryoUpgradeRequest,
  DropPolicy,
  ICryoRequestValidator,
  ICryoWebsocketServerOptions,
  ITokenValidator,
  SSLOptions,
} from "./types/options";
export { CryoWebsocketServer, type CryoWebsocketServerAddedEvents, type CryoWebsocketServerEvents, cryo } from "./types/server";
export {
  CryoBaseManager,
  CryoServerWebsocketSession,
  type CryoServerWebsocketSessionAddedEvents,
  type CryoWebsocketSessionDefaultMetadata,
  type ICryoServerWebsocketSessionEvents,
} from "./types/session";
export {
  CRYO_FLOW_BEHAVIOUR,
  CryoReadable,
  type CryoStreamChunk,
  type CryoStreamSource,
  type CryoTransactionEvents,
  CryoTransactionManager,
  type CryoWebReadable,
} from "./types/stream";
