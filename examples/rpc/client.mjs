// Calls one method and prints what it returns.
// Usage: node examples/rpc/client.mjs <url> <token> <method> [parameter as JSON ...]

import { CryoClient } from "../client/index.mjs";
import { Caller } from "./caller.mjs";

// Node.js 20 has no WebSocket of its own.
const WebSocket = globalThis.WebSocket ?? (await import("ws")).default;

const [url, token, method, ...params] = process.argv.slice(2);
const client = new CryoClient({ url, token, WebSocket });
await client.connect();
try {
  console.log(await new Caller(client).call(method, ...params.map((param) => JSON.parse(param))));
} catch (error) {
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
client.close();
