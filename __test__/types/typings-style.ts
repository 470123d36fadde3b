// An application written against the typings of 3.0.9: namespaces on the session, upper-case backpressure options.

import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";

import {
  type BackpressureOpts,
  type BackpressureProfile,
  type Box,
  cryo,
  type CryoBaseManager,
  type CryoReadable,
  type CryoServerWebsocketSession,
  type CryoTransactionManager,
  CryoWebsocketServer,
  type CryoWebsocketServerEvents,
  type CryoWebsocketSessionDefaultMetadata,
  type DropPolicy,
  type ICryoExtension,
  type ICryoServerWebsocketSessionEvents,
  type ICryoWebsocketServerOptions,
  type ITokenValidator,
  type SSLOptions,
} from "cryo-server";

// In the place of the protocol package, whose enum such applications import and pass on.
declare namespace CryoProtocol {
  enum CRYO_FLOW_BEHAVIOUR {
    TX_PUSH = 0,
    TX_PULL = 1,
  }
}
import CRYO_FLOW_BEHAVIOUR = CryoProtocol.CRYO_FLOW_BEHAVIOUR;

type Keys = "user" | "room";
type Session = CryoServerWebsocketSession<Keys>;

class Validator implements ITokenValidator {
  async validate(token: string): Promise<boolean> {
    return token.length > 0;
  }
}

class Wrapping implements ITokenValidator {
  constructor(private readonly inner: ITokenValidator) {}

  validate(token: string): Promise<boolean> {
    return this.inner.validate(token);
  }
}

class Audit implements ICryoExtension {
  name = "audit";
  on_register(server: CryoWebsocketServer): void {
    console.info(server.http_server.listening);
  }
  on_unregister(_server: CryoWebsocketServer): void {}
  async before_send_error(_session: CryoServerWebsocketSession, message: Box<string>): Promise<boolean> {
    return message.value !== "";
  }
  async on_receive_error(_session: CryoServerWebsocketSession, message: Box<string>): Promise<boolean> {
    return message.value !== "";
  }
}

const policy: DropPolicy = "drop-newest";
const policies: DropPolicy[] = ["drop-oldest", policy, "dedupe-latest"];
const profiles: BackpressureProfile[] = ["default", "optimize_latency", "optimize_memory"];
const limits: BackpressureOpts = {
  HIGH_WATERMARK: 4,
  LOW_WATERMARK: 1,
  MAX_QUEUED_BYTES: 32,
  MAX_QUEUE_SIZE: 4096,
  DROP_POLICY: policy,
};
const ssl: SSLOptions = { key: Buffer.from("key"), cert: Buffer.from("cert") };
const options: ICryoWebsocketServerOptions = { keepAliveIntervalMs: 15_000, port: 0, ssl, backpressure: limits };

const server: CryoWebsocketServer = cryo(new Wrapping(new Validator()), options);
for (const backpressure of profiles) cryo(new Validator(), { backpressure });
for (const DROP_POLICY of policies) cryo(new Validator(), { backpressure: { DROP_POLICY } });
// @ts-expect-error: no such profile
cryo(new Validator(), { backpressure: "optimize_everything" });

// What was given can be read back, and tables of listeners need no more than the events of 3.0.9.
if (typeof options.backpressure === "object") console.info(options.backpressure.HIGH_WATERMARK);
const serverListeners: { [Name in keyof CryoWebsocketServerEvents]: CryoWebsocketServerEvents[Name] } = {
  session: () => {},
  listening: () => {},
};
server.on("listening", serverListeners.listening);
const sessionListeners: { [Name in keyof ICryoServerWebsocketSessionEvents]: ICryoServerWebsocketSessionEvents[Name] } = {
  "message-utf8": () => {},
  "message-binary": () => {},
  "message-error": () => {},
  "stat-rtt": () => {},
  "stat-bytes-rx": () => {},
  "stat-bytes-tx": () => {},
  "stat-ack-timeout": () => {},
  connected: () => {},
  closed: () => {},
};

const http: HttpServer | HttpsServer = server.http_server;
const address = http.address();
if (address !== null && typeof address === "object") console.info(address.port);
server.http_server.on("error", (error: NodeJS.ErrnoException) => console.error(error.code));
server.http_server.on("request", (_request, response) => response.end());
server.http_server.once("close", () => {});

server.RegisterExtension(new Audit());
const audit: ICryoExtension | null = server.GetExtension("audit");
if (audit) server.UnregisterExtension(audit);
server.UnregisterExtension("audit");

const onSession: CryoWebsocketServerEvents["session"] = (session) => console.info(session.sid);
server.once("session", onSession).off("session", onSession).removeAllListeners("session");

// Helpers that are generic over the events.
function listen<Name extends keyof ICryoServerWebsocketSessionEvents>(
  session: CryoServerWebsocketSession,
  name: Name,
  listener: ICryoServerWebsocketSessionEvents[Name],
): () => void {
  session.once(name, listener).off(name, listener).on(name, listener);
  return () => session.removeListener(name, listener);
}
function listenToServer<Name extends keyof CryoWebsocketServerEvents>(name: Name, listener: CryoWebsocketServerEvents[Name]): void {
  server.on(name, listener);
}
listenToServer("listening", serverListeners.listening);
// @ts-expect-error: an event without arguments
listenToServer("listening", (session: Session) => session);
server.on("session", (session) => {
  for (const name of Object.keys(sessionListeners) as (keyof ICryoServerWebsocketSessionEvents)[]) {
    listen(session, name, sessionListeners[name])();
  }
});

server.on("session", async (session: Session) => {
  const base: CryoBaseManager = session.base;
  const stream: CryoTransactionManager = session.stream;
  const key: CryoWebsocketSessionDefaultMetadata = "__TOKEN";
  const token: string = session.Get(key);
  session.Set("user", token);
  // @ts-expect-error: not among the keys
  session.Set("users", token);

  const onText: ICryoServerWebsocketSessionEvents["message-utf8"] = async (text) => {
    await base.SendUTF8(text);
  };
  session.on("message-utf8", onText).on("message-binary", sessionListeners["message-binary"]);
  session.on("message-error", (text) => base.SendError(text));
  session.on("connected", () => base.Ping());
  session.on("closed", () => console.info(session.rx + session.tx));
  // @ts-expect-error: no such event
  session.on("message-text", onText);
  // @ts-expect-error: text is no Buffer
  session.on("message-utf8", (data: Buffer) => data);

  stream.on("tx-start", (txId, name) => console.info(txId.toFixed(), name.length));
  stream.on("tx-chunk", (txId, chunk) => console.info(txId.toFixed(), chunk.byteLength));
  stream.on("tx-finish", (txId) => console.info(txId.toFixed()));
  stream.on("tx-fetch", (txId, start, end) => console.info(txId, end - start));

  const flow: CRYO_FLOW_BEHAVIOUR = CRYO_FLOW_BEHAVIOUR.TX_PULL;
  await stream.SetIncomingFlowControl(flow);
  await stream.SetIncomingFlowControl(CRYO_FLOW_BEHAVIOUR.TX_PUSH);
  await session.SetIncomingFlowControl(flow);
  await stream.SetIncomingFlowControl(1);
  const upload: CryoReadable = await stream.WaitForStream("upload", 1000);
  await stream.StreamRequestRange(upload, 0, 8);
  for await (const chunk of upload) await base.SendBinary(chunk as Buffer);
  await stream.Stream(upload, "copy");
  session.Destroy(4002, "Out of cheese.");
});

async function connect(): Promise<void> {
  const peer: CryoServerWebsocketSession = await server.ConnectPeer("ws://127.0.0.1:8081", "token");
  await peer.Close("done");
}
connect().finally(() => server.Destroy());
