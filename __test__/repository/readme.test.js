"use strict";

// Every JavaScript and TypeScript snippet of README.md and docs/ is run, or type-checked; every link leads somewhere.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { describe, test } = require("node:test");

const { ROOT, read } = require("../support/repository");
const { documents, node, perform, snippets, write } = require("../support/snippets");

const ALL = documents().flatMap(snippets);
const TYPED = ALL.filter(({ extension }) => extension === ".mts");

describe("a snippet runs", { concurrency: 2 }, () => {
  for (const snippet of ALL.filter((each) => !TYPED.includes(each))) {
    test(snippet.name, async () => {
      const { code, output } = await perform(snippet);
      assert.equal(code, 0, output);
    });
  }
});

test("the README's first example echoes", async () => {
  const [example] = snippets("README.md");
  const { output } = await perform(example);
  assert.match(output, /^text: Hello!$/m);
});

test("TypeScript snippets are type-checked", async () => {
  assert.notEqual(TYPED.length, 0);
  const tsc = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const flags = ["--noEmit", "--strict", "--target", "es2023", "--module", "nodenext", "--ignoreConfig"];
  const { code, output } = await node([tsc, ...flags, ...TYPED.map(write)]);
  assert.equal(code, 0, output);
});

test("a snippet that fails is found out", async () => {
  const failing = {
    throws: 'throw new Error("no");',
    "has a listener that throws": 'server.on("session", () => { throw new Error("no"); });',
    "lets nobody in": "cryo({ validate: () => false });",
  };
  for (const [what, code] of Object.entries(failing)) {
    const { code: exit } = await perform({ name: `failing ${what}`, extension: ".mjs", code });
    assert.equal(exit, 1, `one that ${what}`);
  }
});

describe("links lead somewhere", () => {
  const pages = [...documents(), "CONTRIBUTING.md", "SECURITY.md", "examples/README.md", "fuzz/README.md"];
  for (const page of pages) {
    test(page, () => {
      const text = read(page).replaceAll(/```.*?```/gs, "");
      for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(link)) continue;
        const [file, anchor] = link.split("#");
        const target = path.resolve(ROOT, path.dirname(page), file || path.basename(page));
        assert.ok(fs.existsSync(target), `${page} links to ${link}`);
        if (anchor) assert.ok(anchors(target).includes(anchor), `${page} links to ${link}, a heading that is not there`);
      }
    });
  }
});

/** What headings can be linked to as. */
function anchors(file) {
  const headings = fs.readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, title]) => title.toLowerCase().replaceAll(/[^\w\s-]/g, "").replaceAll(" ", "-"));
}
