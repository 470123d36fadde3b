"use strict";

// What keeps the process alive after `http_server.unref()`: as with Node's own server, whatever is open.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Client } = require("../support/client");
const { target } = require("../support/http");
const { spawnApp } = require("../support/process");
const { Harness } = require("../support/server");
const { deferred } = require("../support/wait");

/**
 * A server in a process of its own, which nothing else keeps alive. `use` gets the server, and `later`: a promise that is pending for a while, and
 * keeps nothing alive either.
 */
function start(t, use, argument) {
  return spawnApp(
    t,
    ({ cryo, send, argument: { code, argument } }) => {
      const later = (value, after = 100) => new Promise((resolve) => setTimeout(resolve, after, value).unref());
      const validator = { validate: async () => true };
      const server = cryo(validator, { host: "127.0.0.1", port: 0 });
      process.on("exit", () => process.stdout.write("exit"));
      server.on("listening", () => {
        send(server.http_server.address().port);
        require("node:vm").runInThisContext(code)({ server, validator, later, send, argument });
      });
    },
    { code: `(${use})`, argument },
  );
}

const clean = { code: 0, signal: null, stdout: "exit", stderr: "" };

test("a server that only listens ends with the process", async (t) => {
  const app = start(t, ({ server, send }) => send(server.http_server.unref() === server.http_server));
  await app.next("the port");
  assert.equal(await app.next("what unref() returns"), true);
  assert.deepEqual(await app.exit(), clean);
});

test("ref() takes it back", async (t) => {
  const app = start(t, ({ server, later, send }) => {
    send(server.http_server.unref().ref() === server.http_server);
    void later().then(() => {
      send("still here");
      server.http_server.unref();
    });
  });
  await app.next("the port");
  assert.equal(await app.next("what ref() returns"), true);
  assert.equal(await app.next("a sign of life"), "still here");
  assert.deepEqual(await app.exit(), clean);
});

test("a client that the validator is asked about keeps the process alive, and so does its session", async (t) => {
  const app = start(t, ({ server, validator, later }) => {
    validator.validate = () => {
      server.http_server.unref();
      return later(true);
    };
    server.on("session", (session) => session.on("message-utf8", () => void later().then(() => session.SendUTF8("late"))));
  });
  const client = await Client.connect({ port: await app.next("the port"), acks: true });
  t.after(() => client.destroy());
  client.send("UTF8DATA", { payload: "hello" });
  assert.equal((await client.nextOf("UTF8DATA")).payload, "late");
  client.close();
  assert.deepEqual(await app.exit(), clean);
});

test("a client that is refused gets its answer", async (t) => {
  const app = start(t, ({ server, validator, later }) => {
    validator.validate = () => {
      server.http_server.unref();
      return later(false);
    };
  });
  const client = await Client.open({ port: await app.next("the port") });
  t.after(() => client.destroy());
  assert.equal((await client.request(target(1n))).status, 401);
  assert.deepEqual(await app.exit(), clean);
});

test("a connection on which nothing was said yet keeps the process alive", async (t) => {
  const app = start(t, ({ server, later, send }) => {
    server.on("session", () => {});
    process.once("message", () => {
      process.channel.unref();
      // The client may know sooner than the server that it is connected.
      const whenConnected = () =>
        server.http_server.getConnections((_, count) => {
          if (count === 0) return setImmediate(whenConnected);
          server.http_server.unref();
          void later().then(() => send("still here"));
        });
      whenConnected();
    });
  });
  const client = await Client.open({ port: await app.next("the port") });
  t.after(() => client.destroy());
  app.tell("it is connected");
  assert.equal(await app.next("a sign of life"), "still here");
  client.destroy();
  assert.deepEqual(await app.exit(), clean);
});

test("a request that is answered late is answered", async (t) => {
  const app = start(t, ({ server, later }) => {
    server.http_server.on("request", (request, response) => {
      server.http_server.unref();
      void later().then(() => response.end("late"));
    });
  });
  const answer = await fetch(`http://127.0.0.1:${await app.next("the port")}`, { headers: { connection: "close" } });
  assert.equal(await answer.text(), "late");
  assert.deepEqual(await app.exit(), clean);
});

test("a connection to another server keeps the process alive from the call to its end", async (t) => {
  const asked = deferred();
  const { port } = await Harness.start(t, {}, { validate: () => asked.promise });
  const app = start(
    t,
    ({ server, later, send, argument }) => {
      server.http_server.unref();
      void server.ConnectPeer(`127.0.0.1:${argument}`, "token").then(async (peer) => {
        await later();
        await peer.SendUTF8("hello");
        send("sent");
        peer.Close();
      });
      void later().then(() => send("still here"));
    },
    port,
  );
  await app.next("the port");
  assert.equal(await app.next("a sign of life"), "still here");
  asked.resolve(true);
  assert.equal(await app.next("what it sent"), "sent");
  assert.deepEqual(await app.exit(), clean);
});

for (const method of ["Destroy", "Drain"]) {
  test(`${method}() keeps the process alive until all is closed`, async (t) => {
    const app = start(
      t,
      ({ server, send, argument }) => {
        server.http_server.unref();
        void server[argument]().then(() => send("done"));
      },
      method,
    );
    await app.next("the port");
    assert.equal(await app.next("its end"), "done");
    assert.deepEqual(await app.exit(), clean);
  });
}
