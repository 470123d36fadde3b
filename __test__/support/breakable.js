"use strict";

// A TCP relay in front of a server whose connections can be cut, as a network would cut them.

const net = require("node:net");

const { event } = require("./wait");

/**
 * @param {number} target The server's port.
 * @returns {Promise<{ port: number, cut: () => void, close: () => Promise<unknown> }>}
 */
async function breakable(target) {
  const sockets = new Set();
  const relay = net.createServer((near) => {
    const far = net.connect(target, "127.0.0.1");
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      socket.on("error", () => {}); // "close" follows
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  relay.listen(0, "127.0.0.1");
  await event(relay, "listening");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: relay.address().port,
    cut,
    close: () => {
      cut();
      return new Promise((resolve) => relay.close(resolve));
    },
  };
}

module.exports = { breakable };
