"use strict";

// What `cryo()` takes as options, and how it refuses the rest. The backpressure figures are those of 3.0.9.

const assert = require("node:assert/strict");
const { describe, it } = require("node:test");
const { inspect } = require("node:util");

const { normalizeOptions, normalizeSsl } = require("../../lib/options/options.js");

const KIB = 1024;
const MIB = 1024 * KIB;
const validator = { validate: () => true };

const normalize = (options) => normalizeOptions(validator, options);
const backpressure = (value) => normalize({ backpressure: value }).backpressure;
const marks = ({ lowWaterMark, highWaterMark }) => [lowWaterMark, highWaterMark];

/** Asserts that the options are refused by an error of this class that names the option. */
function refuses(ErrorClass, options, name, says = " takes ") {
  assert.throws(
    () => normalize(options),
    (error) =>
      error instanceof ErrorClass && error.code === "ERR_CRYO_INVALID_OPTION" && error.message.includes(`${name}${says}`),
  );
}

describe("the validator", () => {
  it("is any object with a method validate", () => {
    class Validator {
      validate() {}
    }
    normalizeOptions(new Validator());
    normalizeOptions(Object.assign(() => {}, { validate() {} }));
  });

  for (const value of [undefined, null, 1, "token", {}, () => true, { validate: true }]) {
    it(`can't be ${inspect(value)}`, () => {
      assert.throws(() => normalizeOptions(value), { name: "TypeError", code: "ERR_CRYO_INVALID_ARGUMENT" });
    });
  }
});

describe("defaults", () => {
  const defaults = {
    port: 8080,
    host: undefined,
    path: undefined,
    ssl: undefined,
    keepAliveIntervalMs: 15_000,
    backpressure: {
      highWaterMark: 4 * MIB,
      lowWaterMark: 1 * MIB,
      maxQueuedBytes: 32 * MIB,
      maxQueueCount: 4096,
      dropPolicy: "drop-oldest",
    },
    undelivered: "pending",
    extensionErrors: "pass",
    onDuplicateSid: "refuse",
    handshakeTimeoutMs: 10_000,
    closeTimeoutMs: 2_000,
    maxPendingHandshakes: 1024,
    maxConnections: Infinity,
    maxConnectionsPerAddress: Infinity,
    maxPayload: 16 * MIB,
    maxUnreadBytes: 1 * MIB,
    maxStreamBytes: 16 * MIB,
    streamChunkBytes: 64 * KIB,
    maxIncomingStreams: 64,
    maxUnclaimedStreamBytes: 4 * MIB,
    verifyOrigin: undefined,
    trustProxy: false,
  };

  it("fill in whatever is left out", () => {
    assert.deepEqual(normalize(), defaults);
    assert.deepEqual(normalize({}), defaults);
    assert.deepEqual(normalize({ port: undefined, backpressure: undefined }), defaults);
    assert.deepEqual(normalize({ port: 0 }), { ...defaults, port: 0 });
  });

  it("come in a frozen object, and unknown keys are dropped", () => {
    const options = normalize({ someSettingOfTheApplication: 1 });
    assert.ok(Object.isFrozen(options) && Object.isFrozen(options.backpressure));
    assert.deepEqual(options, defaults);
  });

  it("options must be an object", () => {
    for (const value of [null, 8080, "8080", []]) refuses(TypeError, value, "options");
  });
});

describe("numbers", () => {
  it("refuse what is out of range", () => {
    for (const value of [-1, 65_536, 1.5, NaN]) refuses(RangeError, { port: value }, "options.port");
    for (const name of ["keepAliveIntervalMs", "handshakeTimeoutMs", "closeTimeoutMs"]) {
      for (const value of [0, -1, NaN, Infinity, 3e9]) refuses(RangeError, { [name]: value }, `options.${name}`);
    }
    for (const value of [0, 16 * MIB + 1]) {
      refuses(RangeError, { maxPayload: value }, "options.maxPayload");
      refuses(RangeError, { streamChunkBytes: value }, "options.streamChunkBytes");
    }
    for (const name of ["maxUnreadBytes", "maxStreamBytes", "maxUnclaimedStreamBytes", "maxIncomingStreams", "maxPendingHandshakes"]) {
      for (const value of [0, -1, 0.5, NaN, Infinity]) refuses(RangeError, { [name]: value }, `options.${name}`);
    }
    for (const name of ["maxConnections", "maxConnectionsPerAddress"]) {
      for (const value of [0, -Infinity, 1.5]) refuses(RangeError, { [name]: value }, `options.${name}`);
    }
  });

  it("refuse other types", () => {
    for (const value of ["15000", null, true, 10n, {}]) {
      refuses(TypeError, { keepAliveIntervalMs: value }, "options.keepAliveIntervalMs");
      refuses(TypeError, { maxPayload: value }, "options.maxPayload");
    }
  });

  it("take both ends of a range", () => {
    const ends = { port: 65_535, keepAliveIntervalMs: 2 ** 31 - 1, maxPayload: 1, maxConnections: 1 };
    assert.deepEqual({ ...normalize(ends), ...ends }, normalize(ends));
  });

  it("round a fraction of a millisecond up", () => {
    assert.equal(normalize({ keepAliveIntervalMs: 0.2 }).keepAliveIntervalMs, 1);
  });

  it("take a port as environment variables have it", () => {
    assert.equal(normalize({ port: "3000" }).port, 3000);
    for (const value of ["", "3000x", "-1", "0x50"]) refuses(TypeError, { port: value }, "options.port");
    refuses(RangeError, { port: "70000" }, "options.port");
  });
});

describe("words and addresses", () => {
  it("take the words they name and no other", () => {
    const words = { undelivered: ["pending", "reject"], extensionErrors: ["pass", "drop"], onDuplicateSid: ["refuse", "replace"] };
    for (const [name, values] of Object.entries(words)) {
      for (const value of values) assert.equal(normalize({ [name]: value })[name], value);
      for (const value of [values[0].toUpperCase(), "", null, 1]) refuses(TypeError, { [name]: value }, `options.${name}`);
    }
  });

  it("take a path in the place of host and port", () => {
    assert.equal(normalize({ path: "cryo.sock" }).path, "cryo.sock");
    refuses(TypeError, { path: "cryo.sock", port: 1 }, "options.path", " replaces ");
    refuses(TypeError, { path: "cryo.sock", host: "::1" }, "options.path", " replaces ");
    for (const value of ["", "a\0b", 1, null]) refuses(TypeError, { path: value }, "options.path");
  });

  it("take proxies as a boolean, addresses and ranges", () => {
    for (const value of [true, false]) assert.equal(normalize({ trustProxy: value }).trustProxy, value);
    const ranges = ["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"];
    assert.deepEqual(normalize({ trustProxy: ranges }).trustProxy, ranges);
    for (const value of ["localhost", "10.0.0.0/", "10.0.0.0/x", "/8", "", 1]) {
      refuses(TypeError, { trustProxy: [value] }, "options.trustProxy[0]");
    }
    refuses(RangeError, { trustProxy: ["::1", "10.0.0.0/33"] }, "options.trustProxy[1]");
    refuses(RangeError, { trustProxy: ["::ffff:10.0.0.0/64"] }, "options.trustProxy[0]");
    normalize({ trustProxy: ["::ffff:10.0.0.0/96", "::ffff:10.0.0.0/104"] });
    refuses(TypeError, { trustProxy: "10.0.0.0/8" }, "options.trustProxy");
  });
});

describe("ssl", () => {
  it("takes key and certificate as strings or bytes and gives Buffers", () => {
    const { ssl } = normalize({ ssl: { key: "KEY", cert: new Uint8Array([67, 69, 82, 84]) } });
    assert.deepEqual(ssl, { key: Buffer.from("KEY"), cert: Buffer.from("CERT") });
    assert.deepEqual(normalizeSsl("certificate", { key: "KEY", cert: Buffer.from("CERT") }), ssl);
  });

  it("needs both key and certificate", () => {
    refuses(TypeError, { ssl: { key: "KEY" } }, "options.ssl.cert");
    refuses(TypeError, { ssl: { cert: "CERT" } }, "options.ssl.key");
    refuses(TypeError, { ssl: { key: "KEY", cert: "" } }, "options.ssl.cert");
    refuses(TypeError, { ssl: { key: 1, cert: "CERT" } }, "options.ssl.key");
    for (const value of [null, true, "KEY", []]) refuses(TypeError, { ssl: value }, "options.ssl");
  });

  it("refuses settings of TLS that it does not have, and misspelt ones", () => {
    const others = { requestCert: true, ca: "CA", minVersion: "TLSv1.3", ciphers: "", ALPNProtocols: [], SNICallback() {}, Key: "KEY" };
    for (const [key, value] of Object.entries(others)) {
      refuses(TypeError, { ssl: { key: "KEY", cert: "CERT", [key]: value } }, "options.ssl", ` has no key "${key}"; its keys are "key" and "cert".`);
    }
    refuses(TypeError, { ssl: { pfx: "PFX" } }, "options.ssl", ' has no key "pfx"');
    normalize({ ssl: { key: "KEY", cert: "CERT", ca: undefined } });
  });
});

describe("backpressure", () => {
  const profile = (high, low, bytes, count) => ({
    highWaterMark: high,
    lowWaterMark: low,
    maxQueuedBytes: bytes,
    maxQueueCount: count,
    dropPolicy: "drop-oldest",
  });

  it("takes the name of a profile", () => {
    assert.deepEqual(backpressure("default"), profile(4 * MIB, 1 * MIB, 32 * MIB, 4096));
    assert.deepEqual(backpressure("optimize_latency"), profile(512 * KIB, 128 * KIB, 4 * MIB, 512));
    assert.deepEqual(backpressure("optimize_memory"), profile(256 * KIB, 64 * KIB, 2 * MIB, 256));
  });

  it("takes the upper-case object, and fills it up from the default profile", () => {
    const upperCase = {
      HIGH_WATERMARK: 5,
      LOW_WATERMARK: 4,
      MAX_QUEUED_BYTES: 3,
      MAX_QUEUE_SIZE: 2,
      DROP_POLICY: "dedupe-latest",
    };
    assert.deepEqual(backpressure(upperCase), { ...profile(5, 4, 3, 2), dropPolicy: "dedupe-latest" });
    assert.deepEqual(backpressure({ MAX_QUEUE_SIZE: 2 }), { ...backpressure("default"), maxQueueCount: 2 });
  });

  it("takes the camelCase object, and fills it up as the README says", () => {
    const left = profile(16 * MIB, 1 * MIB, 8 * MIB, 1024);
    assert.deepEqual(backpressure({}), left);
    assert.deepEqual(backpressure({ dropPolicy: "drop-newest" }), { ...left, dropPolicy: "drop-newest" });
    assert.deepEqual(backpressure({ maxQueueCount: 1, maxQueuedBytes: undefined }), { ...left, maxQueueCount: 1 });
  });

  it("adapts a mark that is left out to the one that is given", () => {
    assert.deepEqual(marks(backpressure({ highWaterMark: 1000 })), [1000, 1000]);
    assert.deepEqual(marks(backpressure({ lowWaterMark: 20 * MIB })), [20 * MIB, 20 * MIB]);
    assert.deepEqual(marks(backpressure({ HIGH_WATERMARK: 1000 })), [1000, 1000]);
    assert.deepEqual(marks(backpressure({ lowWaterMark: 0 })), [0, 16 * MIB]);
  });

  it("refuses misspelt names", () => {
    for (const value of ["defualt", "toString", "", null, 1, []]) refuses(TypeError, { backpressure: value }, "options.backpressure");
    for (const key of ["highWatermark", "HIGH_WATER_MARK", "toString"]) {
      refuses(TypeError, { backpressure: { [key]: 1 } }, "options.backpressure", ` has no key "${key}"`);
    }
    refuses(TypeError, { backpressure: { HIGH_WATERMARK: 2, lowWaterMark: 1 } }, "options.backpressure", ' has no key "lowWaterMark"');
    refuses(TypeError, { backpressure: { dropPolicy: "drop-latest" } }, "options.backpressure.dropPolicy");
    refuses(TypeError, { backpressure: { DROP_POLICY: "DROP-OLDEST" } }, "options.backpressure.DROP_POLICY");
  });

  it("refuses what is out of range", () => {
    for (const value of [0, -1, 1.5, NaN, Infinity]) {
      for (const key of ["highWaterMark", "maxQueuedBytes", "maxQueueCount", "HIGH_WATERMARK", "MAX_QUEUE_SIZE"]) {
        refuses(RangeError, { backpressure: { [key]: value } }, `options.backpressure.${key}`);
      }
    }
    refuses(RangeError, { backpressure: { lowWaterMark: -1 } }, "options.backpressure.lowWaterMark");
    refuses(RangeError, { backpressure: { lowWaterMark: 2, highWaterMark: 1 } }, "low-water mark of options.backpressure");
    refuses(TypeError, { backpressure: { maxQueueCount: "1024" } }, "options.backpressure.maxQueueCount");
  });

  it("names the accepted values in its errors", () => {
    assert.throws(() => backpressure("fast"), /"default", "optimize_latency" or "optimize_memory"/);
    assert.throws(() => backpressure({ highWatermark: 1 }), /no key "highWatermark"; its keys are "highWaterMark", "lowWaterMark"/);
  });
});
