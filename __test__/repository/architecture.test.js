"use strict";

// The drawings of docs/architecture.md against the tree: its folders are there, no folder of src/ or lib/ is missing, and the arrows
// between the layers are those of the code. And what every source file keeps to: a header, a row in its folder's table, a length.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const { ROOT, filesIn, read } = require("../support/repository");

const PAGE = read("docs/architecture.md");

const fenced = (language) => PAGE.match(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s"))[1];

/** The folders of the drawing, as paths with a slash at their end. */
function drawn() {
  const parents = [];
  return [...fenced("text").matchAll(/^( *)(\S+\/) /gm)].map(([, { length }, name]) => {
    const depth = length / 2;
    parents.splice(depth, Infinity, name);
    return parents.join("");
  });
}

/** The folders in a folder, at any depth, but for those of tests. */
function folders(folder) {
  return fs
    .readdirSync(path.join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "tests")
    .flatMap(({ name }) => [`${folder}${name}/`, ...folders(`${folder}${name}/`)]);
}

test("every folder that is drawn is there", () => {
  assert.notEqual(drawn().length, 0);
  for (const folder of drawn()) assert.ok(fs.existsSync(path.join(ROOT, folder)), folder);
});

test("every folder of src/ and lib/ is drawn", () => {
  const inSources = drawn().filter((folder) => /^(src|lib)\//.test(folder));
  assert.deepEqual(inSources.sort(), ["src/", ...folders("src/"), "lib/", ...folders("lib/")].sort());
});

test("every file that is named is there", () => {
  const named = [...PAGE.matchAll(/`((?:src|lib)\/[\w/.-]+\.\w+)`/g)].map(([, file]) => file);
  assert.notEqual(named.length, 0);
  for (const file of named) assert.ok(fs.existsSync(path.join(ROOT, file)), file);
});

/** Where a path in Rust code leads that starts at the crate's root, or above the module it stands in. */
const REFERENCE = /\b(?:crate|super(?:::super)*)::(?:(\w+)|\{([^;]*))/g;

/** The first names behind `crate::` and behind chains of `super::`, those in braces too. */
function namesUsed(code) {
  return [...code.matchAll(REFERENCE)].flatMap(([, name, group]) => (name === undefined ? firstNames(group) : [name]));
}

/** What stands first in each branch of `a::b, c::{d, e}}`, up to the brace that ends the group. */
function firstNames(group) {
  let branches = group.split(/\}\s*$/)[0];
  while (branches.includes("{")) branches = branches.replace(/\{[^{}]*\}?/g, "");
  return branches.split(",").map((branch) => branch.trim().split("::")[0]);
}

test("no layer uses one above it", () => {
  const [, ...layers] = fenced("mermaid").match(/\w+(?: --> \w+)+/)[0].split(" --> ");
  assert.deepEqual(layers, ["bridge", "server", "net", "session", "protocol"]);
  for (const [depth, layer] of layers.entries()) {
    for (const file of filesIn(path.join("src", layer), ".rs")) {
      const above = namesUsed(read(file)).filter((name) => layers.slice(0, depth).includes(name));
      assert.deepEqual(above, [], file);
    }
  }
});

test("a use of another layer is found however it is written", () => {
  const spellings = ["crate::server::limits", "super::server", "super::super::server::limits", "crate::{net, server::{a, b}}", "super::super::{server}"];
  for (const code of spellings) assert.ok(namesUsed(`use ${code};`).includes("server"), code);
  assert.deepEqual(namesUsed("use super::{a::server, b::{server, c}};"), ["a", "b"]);
});

test("every source file says at its beginning what it holds", () => {
  for (const file of filesIn("src", ".rs")) assert.match(read(file), /^\/\/! \S/, file);
  for (const file of filesIn("lib", ".js")) assert.match(read(file), /^"use strict";\n\n(?:\/\/ \S|\/\*\*)/, file);
});

test("a folder's table names its public modules, and none that do not exist", () => {
  const tables = filesIn("src", ".rs").map((file) => [file, read(file)]).filter(([, code]) => code.includes("//! | module |"));
  assert.notEqual(tables.length, 0);
  for (const [file, code] of tables) {
    const [table] = /^\/\/! \| module \|.*\n(?:\/\/! \|.*\n)*/m.exec(code);
    const rows = [...table.matchAll(/^\/\/! \| (.*?) \|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`(?:mod@)?(\w+)`/g)].map(([, name]) => name));
    const modules = (pattern) => [...code.matchAll(pattern)].map(([, name]) => name);
    const missing = modules(/^pub mod (\w+);/gm).filter((name) => !rows.includes(name));
    const unknown = rows.filter((name) => !modules(/^(?:pub )?mod (\w+);/gm).includes(name));
    assert.deepEqual({ missing, unknown }, { missing: [], unknown: [] }, file);
  }
});

/** Lines that a file may have, by folder. */
const LONGEST = { src: 350, lib: 350, __test__: 300 };

for (const [folder, limit] of Object.entries(LONGEST)) {
  test(`no file of code in ${folder}/ is longer than ${limit} lines`, () => {
    for (const file of filesIn(folder, ".rs", ".js", ".mjs", ".ts")) {
      const lines = read(file).split("\n").length - 1;
      assert.ok(lines <= limit, `${file} has ${lines} lines`);
    }
  });
}
