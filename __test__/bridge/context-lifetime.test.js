"use strict";

// What async hooks see of the bridge's calls into JavaScript, in processes of their own, since what goes wrong there ends the process.

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const path = require("node:path");
const { test } = require("node:test");

const { within } = require("../support/wait");

/** Has the server go, and asks for the resource on whose behalf the rest runs, after memory of its size has been used again. */
const PROGRAM = `
  const { AsyncLocalStorage, AsyncResource, executionAsyncResource } = require("node:async_hooks");
  const { once } = require("node:events");
  const { cryo } = require(${JSON.stringify(path.join(__dirname, "..", ".."))});
  (async () => {
    const storage = new AsyncLocalStorage();
    const server = cryo({ validate: async () => true }, { host: "127.0.0.1", port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    await storage.run("stored", () => server[METHOD]());
    const used = [];
    for (let n = 0; n < 50; n++) used.push(new AsyncResource("used"), Buffer.allocUnsafeSlow(96).fill(0x41));
    process.stdout.write(\`\${typeof executionAsyncResource()} \${storage.run(used.length, () => storage.getStore())}\`);
  })();
`;

const flags = ["--no-async-context-frame"].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));

for (const method of ["Destroy", "Drain"]) {
  for (const flag of [undefined, ...flags]) {
    test(`${method}() leaves the asynchronous context whole, ${flag ?? "as is the default"}`, async (t) => {
      const program = PROGRAM.replace("METHOD", JSON.stringify(method));
      const child = spawn(process.execPath, [...(flag ? [flag] : []), "-e", program]);
      t.after(() => child.kill("SIGKILL"));
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
      const [code, signal] = await within(once(child, "close"), "its exit");
      assert.deepEqual({ code, signal, output }, { code: 0, signal: null, output: "object 100" });
    });
  }
}
