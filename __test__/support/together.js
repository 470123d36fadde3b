"use strict";

// Frames that come to the application in one batch: nothing is delivered while the event loop stands still.

const STILL = new Int32Array(new SharedArrayBuffer(4));

/** Lets the other threads work for some ms, as they may need this one's CPU. */
function standStill(ms) {
  Atomics.wait(STILL, 0, 0, ms);
}

/**
 * Sends frames, each when the server has the one before.
 *
 * @param {...[{ client: import("./client").Client, session: any }, [name: string, fields: object]]} sent
 */
function together(...sent) {
  for (const [{ client, session }, frame] of sent) {
    const { rx } = session;
    client.send(...frame);
    while (session.rx === rx) standStill(1);
  }
}

/** Writes each of these, without TLS, so that the server's I/O thread has most probably read it by itself, and the event loop none before the last. */
function separately(socket, ...parts) {
  for (const part of parts) {
    socket.write(part);
    standStill(20);
  }
}

module.exports = { separately, standStill, together };
