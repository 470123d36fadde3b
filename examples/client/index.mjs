// A Cryo client without dependencies, for browsers and Node.js. One concept a file; read them in this order to learn the
// protocol: frames, acks, session, incoming, outgoing, client.

export { CryoClient } from "./client.mjs";
export { TYPE, decode, encode } from "./frames.mjs";
export { FLOW, IncomingStream } from "./incoming.mjs";
