"use strict";

// What comments in src/ and lib/ cite: each document is there, and so is each heading, written as docs/protocol.md, "Upgrade".

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const { ROOT, filesIn, read } = require("../support/repository");

const COMMENT = /^.*?(\/\/|^\s*\/?\*)(.*)$/gm;
const DOCUMENT = /([\w./-]+\.md)\b(?:, "([^"]+)")?/g;

/** @typedef {{ file: string, document: string, heading: string | undefined }} Citation */

/** @returns {Citation[]} What the comments of a text cite, also where a citation goes on in the next line. */
function citations(file, text) {
  const comments = [...text.matchAll(COMMENT)].map(([, , comment]) => comment.replace(/^[/!*]*/, "").trim()).join(" ");
  return [...comments.matchAll(DOCUMENT)].map(([, document, heading]) => ({ file, document, heading }));
}

/** @returns {Citation[]} Those of a folder. */
function citationsIn(folder) {
  return filesIn(folder, ".rs", ".js").flatMap((file) => citations(file, read(file)));
}

/** @returns {string | null} What is wrong with a citation. */
function fault({ document, heading }) {
  if (!fs.existsSync(path.join(ROOT, document))) return `${document} is not there`;
  const headings = [...read(document).matchAll(/^#+ (.*)$/gm)].map(([, title]) => title);
  return heading === undefined || headings.includes(heading) ? null : `${document} has no heading "${heading}"`;
}

for (const folder of ["src", "lib"]) {
  test(`every document and heading that ${folder}/ cites is there`, () => {
    const faults = citationsIn(folder)
      .map((citation) => [citation.file, fault(citation)])
      .filter(([, wrong]) => wrong !== null);
    assert.deepEqual(faults, []);
  });
}

test("citations of docs/protocol.md are found", () => {
  assert.ok(citationsIn("src").some(({ document, heading }) => document === "docs/protocol.md" && heading === "Upgrade"));
});

test("a citation is found in every kind of comment, and over two lines", () => {
  const cited = (text) => citations("x", text).map(({ document, heading }) => [document, heading]);
  assert.deepEqual(cited('//! A (docs/protocol.md, "Upgrade").\n'), [["docs/protocol.md", "Upgrade"]]);
  assert.deepEqual(cited('  /// A (RFC 6455;\n  /// docs/protocol.md,\n  /// "Upgrade").\n'), [["docs/protocol.md", "Upgrade"]]);
  assert.deepEqual(cited("/**\n * See docs/http.md.\n */\n"), [["docs/http.md", undefined]]);
  assert.deepEqual(cited('const page = "docs/none.md";\nrun(); // as docs/http.md\n'), [["docs/http.md", undefined]]);
});

test("what is not there is a fault", () => {
  assert.equal(fault({ document: "protocol.md", heading: "Upgrade" }), "protocol.md is not there");
  assert.equal(fault({ document: "docs/protocol.md", heading: "Nowhere" }), 'docs/protocol.md has no heading "Nowhere"');
  assert.equal(fault({ document: "docs/protocol.md", heading: "Upgrade" }), null);
});
