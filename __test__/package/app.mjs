// An ES module, with imports by name.

import { cryo, CryoError, CryoReadable, CryoServerWebsocketSession, CryoWebsocketServer } from "cryo-server";

import { roundTrip } from "./round-trip.mjs";

for (const value of [CryoError, CryoReadable, CryoServerWebsocketSession, CryoWebsocketServer]) {
  if (typeof value !== "function") throw new TypeError(`${value} is no class`);
}
await roundTrip(cryo);
