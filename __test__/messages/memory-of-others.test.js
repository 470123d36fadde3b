"use strict";

// Messages whose memory is shared, transferred to somebody else, or of another realm.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const vm = require("node:vm");

const { joined } = require("../support/server");
const { together } = require("../support/together");
const { event } = require("../support/wait");

/** A view whose memory was given to somebody else. */
function detached() {
  const view = new Uint8Array(16);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

const CODE = { code: "ERR_CRYO_INVALID_ARGUMENT" };

/** A view that its memory, which was made shorter, does not hold any more. */
function outOfBounds(View) {
  const buffer = new ArrayBuffer(64, { maxByteLength: 64 });
  const view = new View(buffer, 16, 4);
  buffer.resize(8);
  return view;
}

describe("what was transferred to somebody else, or made shorter", () => {
  const cases = {
    "a view": () => detached(),
    "an ArrayBuffer": () => detached().buffer,
    "a DataView": () => {
      const buffer = new ArrayBuffer(8);
      const view = new DataView(buffer);
      structuredClone(buffer, { transfer: [buffer] });
      return view;
    },
  };
  for (const View of [Uint8Array, Float64Array, DataView]) cases[`a ${View.name} out of bounds`] = () => outOfBounds(View);
  for (const [what, make] of Object.entries(cases)) {
    test(`rejects as ${what}, and what is sent before and behind it arrives`, async (t) => {
      const { client, session } = await joined(t, {}, { acks: true });
      const before = session.SendUTF8("before");
      await assert.rejects(session.SendBinary(make()), CODE);
      await Promise.all([before, session.SendUTF8("behind")]);
      assert.equal((await client.nextOf("UTF8DATA")).payload, "before");
      assert.equal((await client.nextOf("UTF8DATA")).payload, "behind");
    });
  }

  test("by a send hook is reported and not sent, and what comes behind it is", async (t) => {
    const { server, client, session } = await joined(t, { undelivered: "reject" }, { acks: true });
    const reports = [];
    server.on("error", (error, ...rest) => reports.push([error.code, ...rest]));
    server.RegisterExtension({
      name: "thief",
      before_send_binary: (_, box) => void structuredClone(box.value.buffer, { transfer: [box.value.buffer] }),
    });
    // Smaller ones share the memory of Node's pool, which can't be transferred.
    const stolen = session.SendBinary(Buffer.alloc(128 * 1024));
    await assert.rejects(stolen, { code: "ERR_CRYO_DROPPED" });
    await session.SendUTF8("behind");
    assert.equal((await client.nextOf("UTF8DATA")).payload, "behind");
    assert.ok(reports.length >= 1);
    for (const [, whose] of reports) assert.equal(whose, session);
  });
});

test("an ArrayBuffer or a view of another realm is bytes as well", async (t) => {
  const { client, session } = await joined(t);
  for (const code of ["new Uint8Array([1, 2]).buffer", "new Uint8Array([1, 2])", "new DataView(new Uint8Array([1, 2]).buffer)"]) {
    session.SendBinary(vm.runInNewContext(code));
    assert.deepEqual([...(await client.nextOf("BINARYDATA")).payload], [1, 2], code);
  }
});

for (const [title, length] of [["small", 500], ["large", 20_000]]) {
  test(`${title} messages that share their memory can't be transferred, so that none goes with another`, async (t) => {
    const { client, session } = await joined(t);
    const received = [];
    const errors = [];
    session.on("message-binary", (data) => {
      received.push([data[0], data.length]);
      try {
        structuredClone(data.buffer, { transfer: [data.buffer] });
      } catch (error) {
        errors.push(error);
      }
    });
    const last = event(session, "message-utf8");
    // Of one batch.
    const payloads = Array.from({ length: 32 }, (_, index) => Buffer.alloc(length, index));
    together(...payloads.map((payload) => [{ client, session }, ["BINARYDATA", { payload }]]));
    client.send("UTF8DATA", { payload: "over" });
    await last;
    assert.deepEqual(received, payloads.map((payload) => [payload[0], length]));
    for (const { name } of errors) assert.equal(name, "DataCloneError");
  });
}
