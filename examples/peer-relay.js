"use strict";

// A relay: every session of this server gets a session of its own at another Cryo server, and what either says is passed on.
// The token is the other server's affair.
// Run:  PORT=8081 node examples/echo.js
//       UPSTREAM=ws://localhost:8081 node examples/peer-relay.js
// Try:  node examples/demo/client.js ws://localhost:8080 secret "Hello!"

const { cryo } = require(".."); // in an application: require("cryo-server")

const { PORT = 8080, UPSTREAM = "ws://localhost:8081" } = process.env;

const server = cryo({ validate: async () => true }, { port: PORT });

server.on("session", async (session) => {
  const connecting = server.ConnectPeer(UPSTREAM, session.Get("__TOKEN"));
  // Attached before anything is awaited: what the client says meanwhile waits for the peer, and stays in order.
  session.on("message-utf8", async (text) => (await connecting).SendUTF8(text));
  session.on("message-binary", async (data) => (await connecting).SendBinary(data));
  session.on("closed", async () => (await connecting).Close());
  try {
    const peer = await connecting;
    peer.on("message-utf8", (text) => session.SendUTF8(text));
    peer.on("message-binary", (data) => session.SendBinary(data));
    peer.on("closed", () => session.Close("The other server has left."));
  } catch (error) {
    session.Close(error.message);
  }
});

// A message or a leave of a client whose peer could not be reached; it was told why.
server.on("error", (error, session, where) => console.error(`${where}:`, error));

server.on("listening", () => console.log(`Listening on ws://localhost:${server.http_server.address().port}`));
