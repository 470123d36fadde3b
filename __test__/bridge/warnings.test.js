"use strict";

// What a process warns of where the application's errors get to no listener of `error`: everything, in words where they are too many.

const assert = require("node:assert/strict");
const { EventEmitter } = require("node:events");
const { describe, test } = require("node:test");

const { CryoError, codes } = require("../../lib/errors.js");
const { report } = require("../../lib/report.js");
const { connect } = require("../support/clients");
const { spawnApp } = require("../support/process");

/** An application whose sessions fail on every text; a binary message of 39,100 bytes finds no memory. Tells its warnings. */
function application({ cryo, send, argument: listens }) {
  const { allocUnsafeSlow } = Buffer;
  Buffer.allocUnsafeSlow = (length) => {
    if (length === 39_100) throw new RangeError("Array buffer allocation failed");
    return allocUnsafeSlow(length);
  };
  process.on("warning", ({ code, message, detail }) => send({ code, message, detail }));
  const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0 });
  const fail = (error) => {
    throw error;
  };
  if (listens === "throws") server.on("error", () => fail(new Error("of the error listener")));
  if (listens === "rejects") server.on("error", async () => fail(new Error("of the error listener")));
  if (listens === "throws, of two") {
    server.on("error", () => fail(new Error("of the error listener")));
    server.on("error", () => {});
  }
  server.on("listening", () => send(server.http_server.address().port));
  server.on("session", (session) => session.on("message-utf8", (text) => fail(new Error(text))));
}

async function start(t, listens) {
  const app = spawnApp(t, application, listens);
  return { app, client: await connect(t, { port: await app.next("the port") }) };
}

describe("a listener of `error` that fails", () => {
  for (const listens of ["throws", "rejects", "throws, of two"]) {
    test(`and ${listens}: the process warns of both errors`, async (t) => {
      const { app, client } = await start(t, listens);
      client.send("UTF8DATA", { payload: "of the message" });
      const warnings = [await app.next("a warning"), await app.next("the other warning")];
      assert.deepEqual(warnings.map(({ message }) => message), [
        "listener of 'error' failed: of the error listener.",
        "listener of 'message-utf8' failed: of the message. The 'error' listener that was called with this failed, too.",
      ]);
      for (const { code, detail } of warnings) {
        assert.equal(code, "CRYO_APPLICATION_ERROR");
        assert.match(detail, /^Error: of the /);
      }
    });
  }
});

describe("more failures than a second has warnings", () => {
  const COUNT = 200;
  const SHOWN = /^listener of 'message-utf8' failed: \d+\. Listen for the server's 'error' event to handle this\.$/;
  const HIDDEN = /^(\d+) more failures of the application's callbacks were not shown \(at most 10 a second are\)\.$/;

  test("are counted, and a payload that is lost is shown in any case", async (t) => {
    const { app, client } = await start(t, "is not there");
    const texts = Array.from({ length: COUNT }, (_, n) => client.message("UTF8DATA", { payload: String(n) }));
    client.write(Buffer.concat([...texts, client.message("BINARYDATA", { payload: Buffer.alloc(39_100) })]));
    const counts = { shown: 0, hidden: 0, lost: 0 };
    while (counts.shown + counts.hidden < COUNT || counts.lost === 0) {
      const { message } = await app.next(`the rest of ${JSON.stringify(counts)}`);
      const hidden = HIDDEN.exec(message);
      if (hidden) counts.hidden += Number(hidden[1]);
      else if (SHOWN.test(message)) counts.shown++;
      else if (/39100 bytes/.test(message)) counts.lost++;
      else assert.fail(message);
    }
    assert.equal(counts.shown + counts.hidden, COUNT);
    assert.notEqual(counts.hidden, 0);
  });

  test("don't hide that the server has ended by a fault of its own", (t) => {
    const { mock } = t.mock.method(process, "emitWarning", () => {});
    const server = new EventEmitter();
    for (let n = 0; n < COUNT; n++) report(server, new Error("one of many"), null, "listener");
    report(server, new CryoError(codes.SERVER_FAILED, "It has ended."), null, "I/O thread");
    assert.match(mock.calls.at(-1).arguments[0], /^I\/O thread failed: It has ended\. /);
  });
});
