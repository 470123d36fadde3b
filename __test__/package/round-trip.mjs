// What each application does with the installed package: a text goes from one server to another and is acknowledged.

import { once } from "node:events";

const TOKEN = "secret";

/** @param {typeof import("cryo-server").cryo} cryo */
export async function roundTrip(cryo) {
  const validator = { validate: async (token) => token === TOKEN };
  const servers = [cryo(validator, { host: "127.0.0.1", port: 0 }), cryo(validator, { host: "127.0.0.1", port: 0 })];
  await Promise.all(servers.map((server) => once(server, "listening")));
  const [here, there] = servers;

  const text = new Promise((resolve) => there.on("session", (session) => session.on("message-utf8", resolve)));
  const peer = await here.ConnectPeer(`ws://127.0.0.1:${there.http_server.address().port}`, TOKEN);
  await peer.SendUTF8("zwölf");
  console.info(`got ${await text}`);
  await Promise.all(servers.map((server) => server.Destroy()));
}
