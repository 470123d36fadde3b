"use strict";

// The drawings of docs/architecture.md against the tree: its folders are there, no folder of src/ or lib/ is missing, and the arrows
// between the layers are those of the code.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const ROOT = path.join(__dirname, "..", "..");
const PAGE = fs.readFileSync(path.join(ROOT, "docs", "architecture.md"), "utf8");

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

test("no layer uses one above it", () => {
  const [, ...layers] = fenced("mermaid").match(/\w+(?: --> \w+)+/)[0].split(" --> ");
  assert.deepEqual(layers, ["bridge", "server", "net", "session", "protocol"]);
  for (const [depth, layer] of layers.entries()) {
    const folder = path.join(ROOT, "src", layer);
    for (const file of fs.readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".rs"))) {
      const used = fs.readFileSync(path.join(folder, file), "utf8").matchAll(/\bcrate::(\w+)/g);
      const above = [...used].map(([, name]) => name).filter((name) => layers.slice(0, depth).includes(name));
      assert.deepEqual(above, [], `src/${layer}/${file}`);
    }
  }
});
