"use strict";

// Who is let in, who is refused and with which words.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { setImmediate } = require("node:timers/promises");

const certificate = require("../support/certs");
const { Client } = require("../support/client");
const { requestHead, target } = require("../support/http");
const { spawnApp } = require("../support/process");
const { Harness } = require("../support/server");
const { deferred, event } = require("../support/wait");

const TRANSPORTS = {
  "plain TCP": {},
  "TLS 1.2": { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
  "TLS 1.3": { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" },
};
const MAX_SID = 2n ** 64n - 1n;

for (const [name, tls] of Object.entries(TRANSPORTS)) {
  const secure = tls.minVersion !== undefined;
  const start = (t, validator) => Harness.start(t, secure ? { ssl: certificate } : {}, validator);
  const options = secure ? { tls } : {};

  describe(name, () => {
    test("a session begins", async (t) => {
      const harness = await start(t);
      const { client, session } = await harness.join(options);
      if (secure) assert.equal(client.socket.getProtocol(), tls.minVersion);
      const message = event(session, "message-utf8");
      client.send("UTF8DATA", { payload: "over the wire" });
      assert.deepEqual(await message, ["over the wire"]);
    });

    test("a wrong token is refused, and the connection closed", async (t) => {
      const harness = await start(t);
      const client = await harness.open(options);
      const { status, body } = await client.request(target(1n, "nope"));
      assert.equal(status, 401);
      assert.match(body, /Invalid bearer token/);
      await client.closed();
    });

    test("a head may arrive byte by byte, with frames in the packet that ends it", async (t) => {
      const harness = await start(t);
      const client = await harness.open(options);
      const arrival = harness.session(client.sid);
      const head = Buffer.from(requestHead(target(client.sid)));
      for (const byte of head.subarray(0, -1)) {
        client.write(Buffer.of(byte));
        await setImmediate();
      }
      client.write(Buffer.concat([head.subarray(-1), client.message("UTF8DATA", { payload: "early" })]));
      const session = await arrival;
      assert.deepEqual(await event(session, "message-utf8"), ["early"]);
    });
  });
}

describe("sids", () => {
  for (const [text, sid] of [
    ["0", 0n],
    [String(MAX_SID), MAX_SID],
    ["0x7f", 127n],
    ["0b101", 5n],
    ["0o17", 15n],
    [" 12\n", 12n],
    ["007", 7n],
  ]) {
    test(`${JSON.stringify(text)} is accepted`, async (t) => {
      const harness = await Harness.start(t);
      const arrival = harness.session(sid);
      const { status } = await harness.request(target(text));
      assert.equal(status, 101);
      assert.equal((await arrival).sid, sid);
    });
  }

  for (const text of ["garbage", "1e3", "1.5", "12n", "-1", String(MAX_SID + 1n), "0xg", "1 2", "9".repeat(400)]) {
    test(`${text.slice(0, 25)} is answered with 400, whatever the token`, async (t) => {
      const harness = await Harness.start(t);
      for (const token of ["tok", "nope"]) {
        const { status, body } = await harness.request(target(text, token));
        assert.equal(status, 400);
        assert.match(body, /sid/i);
      }
      await harness.connect();
    });
  }
});

describe("a value that is empty", () => {
  for (const [query, reason] of [
    ["authorization=Bearer+tok&x-cryo-sid=", "No SID supplied."],
    ["authorization=Bearer+tok&x-cryo-sid", "No SID supplied."],
    ["authorization=&x-cryo-sid=1", "No auth data supplied."],
  ]) {
    test(`is refused as if there was none: ${query}`, async (t) => {
      const harness = await Harness.start(t);
      const { status, body } = await harness.request(`/?${query}`);
      assert.equal(status, 401);
      assert.ok(body.includes(`was refused. ${reason}`), body);
    });
  }
});

describe("tokens", () => {
  for (const [query, token] of [
    ["Bearer+a+b", "a b"],
    ["Bearer%20%20x", " x"],
    ["Bearer%20a%2Bb%26c%3D%25", "a+b&c=%"],
    ["Bearer%20h%C3%A9llo%20%E2%82%AC", "héllo €"],
    ["Bearer%09tab", "tab"],
  ]) {
    test(`${query} asks the validator for ${JSON.stringify(token)}`, async (t) => {
      const tokens = [];
      const harness = await Harness.start(t, {}, { validate: async (token) => tokens.push(token) > 0 });
      const { status } = await harness.request(`/?authorization=${query}&x-cryo-sid=1`);
      assert.equal(status, 101);
      assert.deepEqual(tokens, [token]);
    });
  }

  for (const query of ["Bearertok", "BearerXtok", "bearer+tok", "Basic+tok", "+Bearer+tok"]) {
    test(`${query} is refused without asking the validator`, async (t) => {
      const tokens = [];
      const harness = await Harness.start(t, {}, { validate: async (token) => tokens.push(token) > 0 });
      const { status, body } = await harness.request(`/?authorization=${query}&x-cryo-sid=1`);
      assert.equal(status, 401);
      assert.match(body, /Incorrect type of auth data supplied\./);
      assert.deepEqual(tokens, []);
    });
  }
});

describe("validators", () => {
  test("are called as a method, with the token", async (t) => {
    class Validator {
      accepted = "tok";
      validate(token) {
        return Promise.resolve(token === this.accepted);
      }
    }
    const harness = await Harness.start(t, {}, new Validator());
    await harness.connect();
  });

  test("may answer with a plain boolean", async (t) => {
    const harness = await Harness.start(t, {}, { validate: (token) => token === "tok" });
    await harness.connect();
    assert.equal((await harness.request(target(9n, "nope"))).status, 401);
  });

  test("do not wait for one another", async (t) => {
    const all = deferred();
    let asked = 0;
    const validate = () => {
      if (++asked === 20) all.resolve(true);
      return all.promise;
    };
    const harness = await Harness.start(t, {}, { validate });
    await Promise.all(Array.from({ length: 20 }, () => harness.connect()));
  });

  const failures = {
    throws: () => {
      throw new Error("no database");
    },
    rejects: () => Promise.reject(new Error("no database")),
  };
  for (const [how, validate] of Object.entries(failures)) {
    test(`one that ${how} lets nobody in, and is reported`, async (t) => {
      const harness = await Harness.start(t, {}, { validate });
      const report = event(harness.server, "error");
      assert.equal((await harness.request(target(1n))).status, 503);
      const [error, , where] = await report;
      assert.equal(error.message, "no database");
      assert.match(where, /validat/);
    });

    test(`one that ${how} is warned about where nobody listens for errors`, async (t) => {
      const app = spawnApp(
        t,
        ({ cryo, send, argument }) => {
          process.on("warning", ({ code, message, detail }) => send({ code, text: `${message} ${detail}` }));
          const validate = () => {
            if (argument === "rejects") return Promise.reject(new Error("no database"));
            throw new Error("no database");
          };
          const server = cryo({ validate }, { host: "127.0.0.1", port: 0 });
          server.on("listening", () => send(server.http_server.address().port));
        },
        how,
      );
      const port = await app.next("the port");
      const client = await Client.open({ port });
      assert.equal((await client.request(target(1n))).status, 503);
      const { code, text } = await app.next("the warning");
      assert.equal(code, "CRYO_APPLICATION_ERROR");
      assert.match(text, /no database/);
    });
  }
});

describe("a sid in use", () => {
  test("is refused while its session lives, and free as soon as it has closed", async (t) => {
    const harness = await Harness.start(t);
    const { client, session } = await harness.join({ sid: 77n });
    const { status, body } = await harness.request(target(77n));
    assert.equal(status, 401);
    assert.match(body, /The session already exists\./);
    const closed = event(session, "closed");
    client.close();
    await closed;
    await harness.join({ sid: 77n });
  });

  test("is reserved before the validator is asked", async (t) => {
    const asked = deferred();
    const answer = deferred();
    let calls = 0;
    const validate = () => {
      calls += 1;
      asked.resolve();
      return answer.promise;
    };
    const harness = await Harness.start(t, {}, { validate });
    const first = harness.connect({ sid: 5n });
    await asked.promise;
    const { status, body } = await harness.request(target(5n));
    assert.equal(status, 401);
    assert.match(body, /The session already exists\./);
    assert.equal(calls, 1);
    answer.resolve(true);
    await first;
  });

  test("is free again after a refusal", async (t) => {
    const harness = await Harness.start(t);
    assert.equal((await harness.request(target(5n, "nope"))).status, 401);
    await harness.connect({ sid: 5n });
  });
});
