// TypeScript, with types by name.

import type { AddressInfo } from "node:net";

import { cryo, type CryoServerWebsocketSession, type CryoWebsocketServer, type ITokenValidator } from "cryo-server";

const validator: ITokenValidator = { validate: async (token: string) => token === "secret" };
const server: CryoWebsocketServer = cryo(validator, { host: "127.0.0.1", port: 0 });

server.on("listening", () => {
  const { port } = server.http_server.address() as AddressInfo;
  void server.ConnectPeer(`ws://127.0.0.1:${port}`, "secret").then((peer) => peer.SendUTF8("zwölf"));
});

server.on("session", (session: CryoServerWebsocketSession) => {
  session.on("message-utf8", async (text) => {
    const characters: number = text.length;
    console.info(`got ${text} of ${characters} characters`);
    await server.Destroy();
  });
});

// Compiled, never called: the types forbid what they should.
export function misuse(): void {
  // @ts-expect-error a port is a number
  cryo(validator, { port: "8080" });
}
