"use strict";

// How the addon for the running platform is found, and what is said when there is none.

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { describe, it } = require("node:test");

const { builtAddon, loadNative, platformTriple } = require("../../lib/bridge/native.js");
const { temporaryFolder } = require("../support/folder");
const { spawnApp } = require("../support/process");
const { ROOT } = require("../support/repository");

const LOCAL = path.join(__dirname, "../..", "cryo-server.linux-x64-musl.node");
const TRIPLE = "linux-x64-musl";
const addon = {};

/** A `require` that finds only this one. */
const only = (found) => (id) => {
  if (id === found) return addon;
  throw Object.assign(new Error(`Cannot find module '${id}'`), { code: "MODULE_NOT_FOUND" });
};

describe("the platform", () => {
  it("is named as napi-rs names it", () => {
    const names = (platform, arch) => platformTriple(platform, arch, () => "musl");
    assert.equal(names("linux", "x64"), "linux-x64-musl");
    assert.equal(names("darwin", "arm64"), "darwin-arm64");
    assert.equal(names("win32", "x64"), "win32-x64-msvc");
    assert.equal(names("sunos", "x64"), null);
  });

  it("of this process is one of the known ones, with its C library", { skip: process.platform !== "linux" }, () => {
    assert.match(platformTriple(), /^linux-(x64|arm64)-(gnu|musl)$/);
  });

  it("is found without an answer of other threads, which may be busy for ever", { skip: process.platform !== "linux" }, async (t) => {
    const pipe = path.join(temporaryFolder(t), "pipe");
    assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
    const app = spawnApp(
      t,
      async ({ cryo, send, argument: pipe }) => {
        const fs = require("node:fs");
        const { Worker } = require("node:worker_threads");
        new Worker('require("node:fs").readFileSync(require("node:worker_threads").workerData, "utf8")', { eval: true, workerData: pipe });
        // Opens as soon as the worker reads, which waits until it is closed.
        const held = fs.openSync(pipe, "w");
        const server = cryo({ validate: () => true }, { host: "127.0.0.1", port: 0 });
        send("started");
        await server.Destroy();
        fs.closeSync(held);
        process.disconnect();
      },
      pipe,
    );
    assert.equal(await app.next("the start"), "started");
    assert.equal((await app.exit()).code, 0);
  });
});

describe("the addon", () => {
  it("is the checkout's own build where there is one", () => {
    assert.equal(loadNative(only(LOCAL), TRIPLE, (file) => file === LOCAL), addon);
  });

  it("is the platform's package elsewhere", () => {
    assert.equal(loadNative(only("cryo-server-linux-x64-musl"), TRIPLE, () => false), addon);
  });

  it("that is missing is reported with the platform, the package and what to do", () => {
    assert.throws(() => loadNative(only("nothing"), TRIPLE, () => false), {
      code: "ERR_CRYO_NATIVE_MISSING",
      message: /\(linux-x64-musl\): the package cryo-server-linux-x64-musl is not installed\. Install .* `npm run build`/,
    });
  });

  it("that is there and can't be loaded says why", () => {
    const cause = new Error("invalid ELF header");
    const load = () => {
      throw cause;
    };
    assert.throws(() => loadNative(load, TRIPLE, () => true), { code: "ERR_CRYO_NATIVE_MISSING", message: /invalid ELF header/, cause });
  });

  it("that Node.js may not load is not said to be missing", () => {
    // The name of Node.js 22 and later, and that of Node.js 20.
    const permission = ["--permission", "--experimental-permission"].find((flag) => process.allowedNodeEnvironmentFlags.has(flag));
    const app = `
      const { cryo } = require(${JSON.stringify(ROOT)});
      try { cryo({ validate: () => true }); } catch ({ code, message }) { console.log(code, message); }`;
    for (const args of [["--no-addons"], [permission, "--allow-fs-read=*"]]) {
      const { stdout } = spawnSync(process.execPath, [...args, "-e", app], { encoding: "utf8" });
      assert.match(stdout, /^ERR_CRYO_NATIVE_MISSING Node\.js may not load .*[^.]\. Start it without `--no-addons`, .* `--allow-addons`/);
      assert.doesNotMatch(stdout, /Install|npm/);
    }
  });

  it("that a checkout has for a platform without a prebuilt one is loaded, whatever its build has named it", () => {
    const name = "cryo-server.linux-riscv64-gnu.node";
    const built = path.join(__dirname, "../..", name);
    assert.equal(builtAddon(null, () => ["cryo-server.d.ts", name, "index.js"]), built);
    assert.equal(loadNative(only(built), null, () => false, () => [name]), addon);
    const load = () => {
      throw new Error("invalid ELF header");
    };
    assert.throws(() => loadNative(load, null, () => false, () => [name]), {
      code: "ERR_CRYO_NATIVE_MISSING",
      message: new RegExp(`\\(${process.platform}-${process.arch}\\): .*${name.replaceAll(".", "\\.")} can't be loaded`),
    });
  });

  it("does not exist for an unknown platform before it is built, and the error names the known ones", () => {
    for (const names of [[], ["cryo-server.freebsd-x64.node", "cryo-server.linux-riscv64-gnu.node"]]) {
      assert.equal(builtAddon(null, () => names), null);
      assert.throws(() => loadNative(only(LOCAL), null, () => false, () => names), {
        code: "ERR_CRYO_NATIVE_MISSING",
        message: /has one for .*linux-x64.* `npm run build`.*which makes a single cryo-server\.\*\.node/,
      });
    }
  });

  it("is found by a process of such a platform", { skip: process.platform !== "linux" }, (t) => {
    const checkout = temporaryFolder(t);
    for (const name of ["index.js", "package.json", "lib"]) fs.cpSync(path.join(ROOT, name), path.join(checkout, name), { recursive: true });
    fs.copyFileSync(builtAddon(), path.join(checkout, "cryo-server.linux-riscv64-gnu.node"));
    const app = `
      Object.defineProperty(process, "arch", { value: "riscv64" });
      const { cryo } = require(${JSON.stringify(checkout)});
      cryo({ validate: () => true }, { host: "127.0.0.1", port: 0 }).Destroy().then(() => console.log("ended"));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", app], { encoding: "utf8" });
    assert.equal(stdout, "ended\n", stderr);
  });
});
