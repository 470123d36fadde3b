// An application as the README of 3.0.9 teaches it: flat methods on the session, camelCase backpressure options.

import { once } from "node:events";
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { type Box, cryo, type CryoServerWebsocketSession, type ICryoExtension } from "cryo-server";

class LoggerExtension implements ICryoExtension {
  public name = "unique_name_for_logger";

  public async before_send_utf8(_session: CryoServerWebsocketSession, outgoing_message: Box<string>) {
    console.log(`Outgoing UTF-8 message: "${outgoing_message.value}"`);
    return true;
  }

  public async before_send_binary(_session: CryoServerWebsocketSession, outgoing_message: Box<Buffer>) {
    console.log(`Outgoing binary message: "${outgoing_message.value.toString("hex")}"`);
    return true;
  }

  public async on_receive_utf8(session: CryoServerWebsocketSession, incoming_message: Box<string>): Promise<boolean> {
    incoming_message.value = incoming_message.value.trim();
    return session.Get("muted") !== true;
  }
}

async function run(): Promise<void> {
  const server = await cryo(
    {
      async validate(token: string): Promise<boolean> {
        return token === "MySuperSecretToken";
      },
    },
    {
      port: 8080,
      keepAliveIntervalMs: 15_000,
      ssl: { key: readFileSync("key.pem"), cert: readFileSync("cert.pem") },
      backpressure: {
        highWaterMark: 16 * 1024 * 1024,
        lowWaterMark: 1024 * 1024,
        maxQueuedBytes: 8 * 1024 * 1024,
        maxQueueCount: 1024,
        dropPolicy: "dedupe-latest",
      },
    },
  );

  server.RegisterExtension(new LoggerExtension());
  server.RegisterExtension({
    name: "plain object",
    async on_receive_binary(_session, incoming_message) {
      incoming_message.value = incoming_message.value.subarray(1);
      return false;
    },
  });

  server.on("session", async (session) => {
    console.info(`Session ID: ${session.id}`);
    const id: bigint = session.id;
    session.Set("since", Date.now());
    const since: number = session.Get("since");

    session.on("message-utf8", async (data: string) => {
      await session.SendUTF8(data.toUpperCase());
    });
    session.on("message-binary", (data: Buffer) => session.SendBinary(data));
    session.on("stat-rtt", (data: number) => console.info(id, since, data));
    session.on("stat-bytes-rx", (data) => data.toFixed());
    session.on("stat-bytes-tx", (data) => data.toFixed());
    session.on("stat-ack-timeout", (data) => data.toFixed());
    session.once("closed", () => console.info("closed"));

    session.SendPing();
    await session.Stream(createReadStream("report.pdf"), "report");
    await session.Stream(Readable.from(["a", "b"]));
    const upload = await session.WaitForStream("upload", 5000);
    await session.StreamFetchRange(upload, 0, 16);
    await pipeline(upload, createWriteStream(`upload-${upload.txId}`));
    const [message] = await once(session, "message-utf8");
    await session.Close(`Thanks for ${message}`);
    session.Destroy();
  });

  server.on("listening", () => {
    console.info("Server is listening...");
  });
  server.Destroy();
}

run();
