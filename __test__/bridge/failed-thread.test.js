"use strict";

// The I/O thread has failed, and says so as its last word: the server is over as if it had been destroyed, and the application is told why.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Bridge } = require("../../lib/bridge/bridge.js");
const { EVENT, EVENT_WORDS } = require("../../lib/bridge/codes.js");
const { loadNative } = require("../../lib/bridge/native.js");
const { rawServer } = require("../support/other-server");
const { joined } = require("../support/server");
const { event, within } = require("../support/wait");

const SAID = "range end index 109 out of range for slice of length 108";

/**
 * Has the next exchange bring the end of the session in slot 0, and of the thread, in the place of what Rust has to tell.
 *
 * @returns {() => void} Makes that exchange.
 */
function failure(t) {
  let arrays, native;
  let due = false;
  const exchange = Object.getOwnPropertyDescriptor(loadNative().NativeServer.prototype, "exchange").get;
  t.mock.getter(loadNative().NativeServer.prototype, "exchange", function get() {
    native = this;
    const real = exchange.call(this);
    return (count) => {
      const told = real(count);
      if (!due || told > 0) return told;
      due = false;
      const events = [
        [EVENT.Closed, 0, Buffer.alloc(24)],
        [EVENT.Stopped, 1, Buffer.from(SAID)],
      ];
      events.forEach(([code, a, { length }], i) => arrays.words.set([0, code, a, 0, length], i * EVENT_WORDS));
      arrays.incoming.set(Buffer.concat(events.map(([, , payload]) => payload)));
      return events.length;
    };
  });
  const inner = Object.getOwnPropertyDescriptor(Bridge.prototype, "arrays").get;
  t.mock.getter(Bridge.prototype, "arrays", function get() {
    return (arrays = inner.call(this));
  });
  return () => {
    due = true;
    native.wakeAgain();
  };
}

test("a server whose I/O thread has failed is over, and says why", async (t) => {
  const fail = failure(t);
  const { server, session } = await joined(t);
  const peer = server.ConnectPeer(await rawServer(t, () => {}), "tok");
  const told = [];
  session.on("closed", () => told.push("closed"));
  server.http_server.on("close", () => told.push("close"));
  const reported = event(server, "error");
  fail();
  const [error, whose, where] = await reported;
  assert.deepEqual([error.name, error.code, whose, where], ["CryoError", "ERR_CRYO_SERVER_FAILED", null, "I/O thread"]);
  assert.ok(error.message.includes(SAID), error.message);
  assert.deepEqual(told.slice(0, 1), ["closed"]);
  await assert.rejects(within(peer, "the peer"), { code: "ERR_CRYO_SERVER_CLOSED" });
  await within(server.Destroy(), "Destroy()");
  assert.deepEqual(told, ["closed", "close"]);
  assert.equal(server.http_server.listening, false);
});
