"use strict";

// Bodies of any size through `http_server`: intact, at the pace of the slower side, and with clients that go away.

const assert = require("node:assert/strict");
const { createHash } = require("node:crypto");
const { Readable } = require("node:stream");
const { describe, test } = require("node:test");
const { getSystemErrorName } = require("node:util");

const { HttpService, text } = require("../support/http-service");
const { event, within } = require("../support/wait");

const MIB = 1024 * 1024;
const LARGE = 100 * MIB;
/** What the system's buffers on both sides of a loopback connection may hold, generously. */
const SYSTEM_BUFFERS = 24 * MIB;

/** Pseudo-random bytes: chunks of uneven sizes, and each unlike the one before. */
function* chunks(total, size = 77_777) {
  const block = Buffer.alloc(size + 256, Buffer.from(Array.from({ length: 251 }, (_, i) => (i * 89) & 0xff)));
  for (let at = 0, i = 0; at < total; i++) {
    const length = Math.min(size, total - at);
    yield block.subarray(i % 256, (i % 256) + length);
    at += length;
  }
}

function digest(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

async function digestOf(stream) {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest("hex");
}

/** Lets the server do whatever it would do in the time of many requests. */
async function elapse(service) {
  for (let i = 0; i < 200; i++) await service.request("/ping");
}

for (const secure of [false, true]) {
  describe(secure ? "TLS" : "plain", () => {
    test("100 MB arrive as they were sent", async (t) => {
      const service = await HttpService.start(t, secure, async (request, response) => response.end(await digestOf(request)));
      const request = service.begin("/", { method: "POST" });
      Readable.from(chunks(LARGE)).pipe(request);
      const [response] = await event(request, "response");
      assert.equal(await text(response), digest(chunks(LARGE)));
    });

    test("100 MB leave as they were written, in pieces and in one", async (t) => {
      const whole = Buffer.concat([...chunks(LARGE)]);
      const service = await HttpService.start(t, secure, (request, response) => {
        if (request.url === "/whole") response.end(whole);
        else Readable.from(chunks(LARGE)).pipe(response);
      });
      for (const path of ["/pieces", "/whole"]) {
        const [response] = await event(service.begin(path).end(), "response");
        assert.equal(await within(digestOf(response), path), digest([whole]), path);
      }
    });

    test("a client that does not read stops the writer, not the server", async (t) => {
      let written = 0;
      const service = await HttpService.start(t, secure, (request, response) => {
        if (request.url === "/ping") return response.end();
        const counted = function* () {
          for (const chunk of chunks(LARGE)) {
            written += chunk.length;
            yield chunk;
          }
        };
        Readable.from(counted()).pipe(response);
      });
      const [response] = await event(service.begin("/").end(), "response");
      await elapse(service);
      assert.ok(written < SYSTEM_BUFFERS, `${written} bytes were written for a client that reads nothing`);
      assert.equal(await within(digestOf(response), "the rest"), digest(chunks(LARGE)));
      assert.equal(written, LARGE);
    });

    test("a listener that does not read stops the client, not the server", async (t) => {
      let upload;
      const service = await HttpService.start(t, secure, (request, response) => {
        if (request.url === "/ping") return response.end();
        upload = { request, response };
        service.server.emit("upload");
      });
      const request = service.begin("/", { method: "POST" });
      Readable.from(chunks(LARGE)).pipe(request);
      await event(service.server, "upload");
      await elapse(service);
      const { bytesRead } = upload.request.socket;
      assert.ok(bytesRead <= MIB, `${bytesRead} bytes were taken for a listener that reads nothing`);
      upload.response.end(await within(digestOf(upload.request), "the upload"));
      const [response] = await event(request, "response");
      assert.equal(await text(response), digest(chunks(LARGE)));
    });

    test("a client that resets its connection ends its request and nothing else", async (t) => {
      const service = await HttpService.start(t, secure, (request, response) => {
        if (request.url === "/ping") return response.end("pong");
        request.resume().on("error", () => {});
        request.socket.on("error", (error) => request.socket.on("close", (hadError) => service.server.emit("failed", error, hadError)));
      });
      const socket = await service.connect();
      socket.on("error", () => {});
      socket.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf");
      await event(service.http, "request");
      const failed = event(service.server, "failed");
      service.sockets.at(-1).resetAndDestroy();
      const [{ code, errno, syscall }, hadError] = await failed;
      assert.deepEqual([code, getSystemErrorName(errno), syscall, hadError], ["ECONNRESET", "ECONNRESET", "read", true]);
      assert.equal((await service.request("/ping")).body, "pong");
    });

    test("a client that leaves in the middle of its response closes it", async (t) => {
      const service = await HttpService.start(t, secure, (_, response) => {
        response.on("close", () => service.server.emit("left", response));
        Readable.from(chunks(LARGE)).pipe(response);
      });
      const request = service.begin("/").end();
      const [response] = await event(request, "response");
      const left = event(service.server, "left");
      response.destroy();
      assert.equal((await left)[0].writableFinished, false);
    });
  });
}

describe("half-open connections", () => {
  const REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

  test("an immediate response reaches a client that has ended its side", async (t) => {
    const service = await HttpService.start(t, false, (_, response) => response.end("answer"));
    const socket = await service.connect();
    socket.end(REQUEST);
    assert.match(await text(socket), /answer$/);
  });

  test("a later response does with httpAllowHalfOpen", async (t) => {
    const service = await HttpService.start(t, false, (request, response) => {
      request.socket.once("end", () => setImmediate(() => response.end("answer")));
    });
    service.http.httpAllowHalfOpen = true;
    const socket = await service.connect();
    socket.end(REQUEST);
    assert.match(await text(socket), /answer$/);
  });
});
