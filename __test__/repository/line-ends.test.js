"use strict";

// A checkout has the same bytes on every system, also where Git is set to give text the line ends of Windows.

const assert = require("node:assert/strict");
const { execFileSync, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const { temporaryFolder } = require("../support/folder");
const { read } = require("../support/repository");

const ATTRIBUTES = [".gitattributes", path.join("fuzz", "seeds", ".gitattributes")];
const FILES = [path.join(".ci", "run"), "README.md", path.join("__test__", "support", "certs", "cert.pem")];
/** Bytes that look like text of several systems. */
const SEED = path.join("fuzz", "seeds", "upgrade", "seed");
const PICTURE = path.join("docs", "images", "picture.png");

const withoutGit = spawnSync("git", ["--version"]).error !== undefined;

test("text is checked out with LF, and nothing else is changed", { skip: withoutGit && "needs Git" }, (t) => {
  const folder = temporaryFolder(t);
  // Not what a hook of Git that runs the tests is about.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  const git = (...args) => execFileSync("git", ["-c", "core.autocrlf=true", "-c", "core.safecrlf=false", ...args], { cwd: folder, env });
  const contents = new Map(FILES.map((file) => [file, "one\ntwo\n"]));
  for (const file of [SEED, PICTURE]) contents.set(file, "GET / HTTP/1.1\r\none\ntwo\r\n");
  for (const file of ATTRIBUTES) contents.set(file, read(file));
  for (const [file, content] of contents) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), content);
  }
  git("init", "--quiet");
  git("add", ".");
  for (const file of contents.keys()) fs.rmSync(path.join(folder, file));
  git("checkout-index", "--all");
  for (const [file, content] of contents) assert.equal(fs.readFileSync(path.join(folder, file), "utf8"), content, file);
});
