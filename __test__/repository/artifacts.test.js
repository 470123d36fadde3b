"use strict";

// What is released: the packages under npm/ agree with package.json, and no addon is missing or another platform's.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { describe, it } = require("node:test");

const manifest = require("../../package.json");
const { inspectAddon } = require("../../scripts/release/addon-file.js");
const { checkArtifacts, platformPackages } = require("../../scripts/release/artifacts.js");
const { publishedManifest } = require("../../scripts/release/pack.js");
const { CRATE_FILES, setCrateVersion } = require("../../scripts/release/version.js");
const { temporaryFolder } = require("../support/folder");
const { ROOT, read } = require("../support/repository");

/** The crate's version in a Cargo.lock. */
const LOCKED = /^name = "cryo-server"\r?\nversion = "(.*)"\r?$/m;
const LOCKS = ["Cargo.lock", "bench/load/Cargo.lock", "bench/micro/Cargo.lock", "fuzz/Cargo.lock", "model/Cargo.lock"];

/** The first bytes of a library for Linux, with the names of the symbol versions it needs. */
function elf(machine, ...versions) {
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01", "latin1");
  header.writeUInt16LE(machine, 18);
  return Buffer.concat([header, Buffer.from(versions.map((version) => `\0${version}`).join(""))]);
}

/** The same for macOS. */
function macho(cpu) {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(0xfeedfacf, 0);
  header.writeUInt32LE(cpu, 4);
  return header;
}

/** The same for Windows. */
function pe(machine) {
  const header = Buffer.alloc(128);
  header.write("MZ");
  header.writeUInt32LE(64, 0x3c);
  header.write("PE\0\0", 64);
  header.writeUInt16LE(machine, 68);
  return header;
}

const ADDONS = {
  "darwin-arm64": macho(0x0100000c),
  "darwin-x64": macho(0x01000007),
  "linux-arm64-gnu": elf(0xb7, "GLIBC_2.17"),
  "linux-arm64-musl": elf(0xb7),
  "linux-x64-gnu": elf(0x3e, "GLIBC_2.9", "GLIBC_2.16", "GLIBC_2.2.5"),
  "linux-x64-musl": elf(0x3e),
  "win32-arm64-msvc": pe(0xaa64),
  "win32-x64-msvc": pe(0x8664),
};

/** Checks a folder with the addons of all platforms, but for these; null is none at all. */
function check(t, changes = {}) {
  const folder = temporaryFolder(t);
  for (const [name, bytes] of Object.entries({ ...ADDONS, ...changes })) {
    if (bytes !== null) fs.writeFileSync(path.join(folder, `cryo-server.${name}.node`), bytes);
  }
  return checkArtifacts(folder);
}

describe("the artifacts of a release", () => {
  it("are one for each platform", (t) => {
    const { problems, found } = check(t);
    assert.deepEqual(problems, []);
    assert.deepEqual(found.map(({ file }) => file), Object.keys(ADDONS).map((name) => `cryo-server.${name}.node`));
    assert.equal(found.find(({ file }) => file.includes("linux-x64-gnu")).glibc, "2.16");
  });

  const faults = [
    ["one is missing", { "linux-arm64-musl": null }, "cryo-server.linux-arm64-musl.node is missing"],
    ["one is not an addon", { "darwin-x64": Buffer.alloc(100) }, "cryo-server.darwin-x64.node is no addon of a known format"],
    ["one is empty", { "darwin-x64": Buffer.alloc(0) }, "cryo-server.darwin-x64.node is no addon of a known format"],
    ["one is for another processor", { "win32-x64-msvc": pe(0xaa64) }, "cryo-server.win32-x64-msvc.node is for cpu arm64, not x64"],
    ["one is for another C library", { "linux-x64-musl": elf(0x3e, "GLIBC_2.2.5") }, "cryo-server.linux-x64-musl.node is for libc glibc, not musl"],
    ["one needs a newer glibc", { "linux-x64-gnu": elf(0x3e, "GLIBC_2.34") }, "cryo-server.linux-x64-gnu.node needs glibc 2.34, more than 2.17"],
    ["there is an unknown one", { "sunos-x64": elf(0x3e) }, "cryo-server.sunos-x64.node belongs to no package under npm/"],
  ];
  for (const [fault, changes, problem] of faults) {
    it(`are refused where ${fault}`, (t) => assert.ok(check(t, changes).problems.includes(problem), check(t, changes).problems.join("\n")));
  }

  it("are refused where a package has another version", (t) => {
    const [first] = platformPackages();
    assert.match(checkArtifacts(temporaryFolder(t), [first], "9.9.9").problems[0], /^npm\/darwin-arm64 has version .*, the main package 9\.9\.9/);
  });
});

describe("the release workflow", () => {
  const workflow = read(".github/workflows/release.yml");

  it("builds every target, once", () => {
    const targets = Array.from(workflow.matchAll(/\{ target: ([\w-]+)/g), ([, target]) => target);
    assert.deepEqual(targets.sort(), [...manifest.napi.targets].sort());
  });

  it("publishes after the tests, which need the check of what was built", () => {
    const needs = (job) => workflow.match(new RegExp(`\\n  ${job}:\\n(?:    .*\\n)*?    needs: (.*)\\n`))?.[1];
    assert.deepEqual(["publish", "test", "test-alpine", "pack"].map(needs), ["[test, test-alpine]", "pack", "pack", "build"]);
    assert.ok(workflow.indexOf("check-artifacts.js") < workflow.indexOf("scripts/pack.js"));
  });
});

describe("a file that is cut short", () => {
  /** The bytes without which a file's kind can't be told. */
  const needed = (whole) => (whole.toString("latin1", 0, 2) === "MZ" ? 70 : 64);

  for (const [name, whole] of Object.entries(ADDONS)) {
    it(`is not an addon within its headers, and after them one for the same platform: ${name}`, () => {
      const { os, cpu } = inspectAddon(whole);
      for (let length = 0; length < whole.length; length += 1) {
        const addon = inspectAddon(whole.subarray(0, length));
        if (length < needed(whole)) assert.equal(addon, null, `${length} bytes`);
        else assert.deepEqual([addon.os, addon.cpu], [os, cpu], `${length} bytes`);
      }
    });
  }
});

describe("the platform packages", () => {
  it("are those of the targets in package.json, with its version", () => {
    const names = platformPackages().map((platform) => platform.name);
    assert.deepEqual(names, Object.keys(ADDONS));
    assert.equal(names.length, manifest.napi.targets.length);
    for (const platform of platformPackages()) {
      assert.equal(platform.manifest.name, `cryo-server-${platform.name}`);
      assert.equal(platform.manifest.main, `cryo-server.${platform.name}.node`);
      assert.deepEqual(
        [platform.manifest.version, platform.manifest.license, platform.manifest.engines],
        [manifest.version, manifest.license, manifest.engines],
      );
    }
  });

  it("are built from a crate of that version, which every lock file that names it has, too", () => {
    const cargo = read("Cargo.toml");
    assert.equal(cargo.match(/^version = "(.*)"$/m)?.[1], manifest.version);
    const naming = LOCKS.filter((file) => LOCKED.test(read(file)));
    assert.deepEqual(naming.map((file) => [file, read(file).match(LOCKED)[1]]), naming.map((file) => [file, manifest.version]));
    assert.deepEqual(["Cargo.toml", ...naming], CRATE_FILES);
  });

  it("get a new version together with the crate", (t) => {
    const folder = temporaryFolder(t);
    for (const file of CRATE_FILES) {
      fs.mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
      fs.copyFileSync(path.join(ROOT, file), path.join(folder, file));
    }
    setCrateVersion("9.8.7-rc.6", folder);
    for (const file of CRATE_FILES) {
      const [before, after] = [read(file), fs.readFileSync(path.join(folder, file), "utf8")].map((text) => text.split("\n"));
      const changed = after.filter((line, index) => line !== before[index]);
      assert.deepEqual(changed, ['version = "9.8.7-rc.6"'], file);
    }
    assert.match(manifest.scripts.version, /set-version\.js/);
  });

  it("are dependencies of what is published, which names the repository that built it, and where to report what is wrong", () => {
    const env = { GITHUB_SERVER_URL: "https://git.example", GITHUB_REPOSITORY: "owner/name" };
    const published = publishedManifest(manifest, platformPackages(), env);
    assert.equal(Object.keys(published.optionalDependencies).length, 8);
    assert.equal(published.repository.url, "git+https://git.example/owner/name.git");
    assert.equal(published.homepage, "https://git.example/owner/name#readme");
    assert.deepEqual(published.bugs, { url: "https://git.example/owner/name/issues" });
    assert.deepEqual([published.scripts, published.devDependencies, published.private], [undefined, undefined, undefined]);
  });
});
