// What 3.1.0 adds to the interface of 3.0.9.

import { once } from "node:events";
import { createServer } from "node:http";

import {
  CRYO_FLOW_BEHAVIOUR,
  cryo,
  CryoBaseManager,
  CryoError,
  type CryoErrorCode,
  type CryoPeerRefusedError,
  CryoReadable,
  CryoServerWebsocketSession,
  type CryoServerWebsocketSessionAddedEvents,
  CryoTransactionManager,
  type CryoUpgradeRequest,
  CryoWebsocketServer,
  type CryoWebsocketServerAddedEvents,
} from "cryo-server";

const server = cryo(
  { validate: (token, request) => token === "token" && request.headers.origin !== undefined },
  {
    host: "::1",
    ssl: { key: "key", cert: "cert" },
    undelivered: "reject",
    extensionErrors: "drop",
    onDuplicateSid: "replace",
    handshakeTimeoutMs: 1,
    closeTimeoutMs: 1,
    maxPendingHandshakes: 1,
    maxConnections: Infinity,
    maxConnectionsPerAddress: 1,
    maxPayload: 1,
    maxUnreadBytes: 1,
    maxStreamBytes: 1,
    streamChunkBytes: 1,
    maxIncomingStreams: 1,
    maxUnclaimedStreamBytes: 1,
    verifyOrigin: (origin, request) => origin === request.headers.host,
    trustProxy: ["10.0.0.0/8"],
  },
);
cryo({ validate: async () => true }, { path: "cryo.sock", verifyOrigin: ["https://example.com"], trustProxy: true });
// @ts-expect-error: no such policy
cryo({ validate: () => true }, { backpressure: { dropPolicy: "drop-all" } });
// @ts-expect-error: no validator
cryo({});

server.on("error", (error, session, where) => console.error(where, session?.sid, error));
// @ts-expect-error: it may be anything
server.on("error", (error) => console.error(error.message));
const addedListeners: CryoWebsocketServerAddedEvents & CryoServerWebsocketSessionAddedEvents = { error: () => {}, dropped: () => {} };
server.on("error", addedListeners.error);
server.on("session", async (session) => {
  const { remoteAddress, remotePort, url }: CryoUpgradeRequest = session.request;
  console.info(remoteAddress, remotePort?.toFixed(), url, session.queued.bytes, session.queued.frames, session.dropped);
  session.on("dropped", (messages) => console.info(messages.toFixed()));
  session.on("dropped", addedListeners.dropped);
  session.prependOnceListener("closed", () => {});
  for (const name of ["closed", "dropped"] as const) session.once(name, () => console.info(name));
  // @ts-expect-error: no such event
  session.on("drops", () => {});
  // @ts-expect-error: a number, not a text
  session.on("dropped", (messages: string) => messages);
  await session.SetIncomingFlowControl(CRYO_FLOW_BEHAVIOUR.TX_PULL);

  const classes: boolean[] = [
    server instanceof CryoWebsocketServer,
    session instanceof CryoServerWebsocketSession,
    session.base instanceof CryoBaseManager,
    session.stream instanceof CryoTransactionManager,
    (await session.WaitForStream()) instanceof CryoReadable,
  ];
  console.info(classes);

  await session.Stream(new Blob(["body"]).stream(), "web");
  await session.Stream(["a", new Uint8Array(1), new DataView(new ArrayBuffer(1))]);
  await session.Stream(Buffer.from("all at once"));
  await session.Stream("all at once", "text");
  await session.SendBinary(new Uint16Array(1));
  await session.SendBinary(new ArrayBuffer(1));
  try {
    await session.SendUTF8("text");
  } catch (error) {
    if (error instanceof CryoError) {
      const code: CryoErrorCode = error.code;
      console.error(code === "ERR_CRYO_SESSION_CLOSED", error.message);
    }
  }
});

async function join(): Promise<string> {
  try {
    const peer: CryoServerWebsocketSession = await server.ConnectPeer("wss://example.com", "token");
    return peer.Get("__TYPE");
  } catch (error) {
    const { status, reason, body } = error as CryoPeerRefusedError;
    return `${status ?? 0} ${reason} ${body.length}`;
  }
}
join();

async function leave(): Promise<void> {
  await once(server, "listening");
  server.UpdateTLS({ key: "key", cert: Buffer.from("cert") });
  createServer((_request, response) => response.end(server.Metrics()));
  await server.Drain(1000);
  await server.Destroy();
}
leave();
