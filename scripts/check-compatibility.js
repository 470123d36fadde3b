"use strict";

// Checks docs/compatibility.md against the last run of all tests: each row must name at least one test, and each test
// that is named must have run and passed. scripts/test.js and scripts/test-rust.js write down what ran.

const fs = require("node:fs");
const path = require("node:path");

const { ROOT } = require("./paths.js");

const TABLE = path.join(ROOT, "docs", "compatibility.md");
const RESULTS = ["javascript", "rust"].map((name) => path.join(ROOT, "target", "test-results", `${name}.jsonl`));

/** `file.test.js › suite › test`, `file.test.js › suite` for all tests of it, or `cargo: module::test`. */
const TEST = /^(?:([\w-]+\.test\.js) › (.+)|(cargo): (\S+))$/;

/** Some systems lack what a test is about; on Linux none may be skipped. */
const SKIPPING = process.platform !== "linux";

/** The cells of a row of the table, where `\|` is a bar within one. */
const cells = (line) =>
  line
    .slice(1, line.lastIndexOf("|"))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

/**
 * Rows of the tables whose last column is "Shown by".
 *
 * @param {string} markdown
 * @returns {{ line: number, subject: string, tests: string[] }[]} `line` counts from 1.
 */
function readRows(markdown) {
  const rows = [];
  let shows = false;
  for (const [index, line] of markdown.split("\n").entries()) {
    if (!line.startsWith("|")) {
      shows = false;
      continue;
    }
    const [subject, ...rest] = cells(line);
    const last = rest.at(-1) ?? "";
    if (last === "Shown by") shows = true;
    else if (shows && !/^-+$/.test(last)) rows.push({ line: index + 1, subject, tests: readTests(last) });
  }
  return rows;
}

/** The code spans of a cell, whose fences are of one backtick or, around backticks, of two. */
const readTests = (cell) => [...cell.matchAll(/(`+)(.+?)\1(?!`)/g)].map(([, , code]) => code.trim());

/**
 * Outcomes by file, or "cargo", and name.
 *
 * @returns {Map<string, Map<string, string>>}
 */
function readResults() {
  const files = new Map();
  for (const source of RESULTS) {
    if (!fs.existsSync(source)) throw new Error(`${path.relative(ROOT, source)} is missing: run npm test`);
    for (const line of fs.readFileSync(source, "utf8").split("\n").filter(Boolean)) {
      const { file, name, outcome } = JSON.parse(line);
      if (!files.has(file)) files.set(file, new Map());
      files.get(file).set(name, outcome);
    }
  }
  return files;
}

/** What is wrong with a reference to a test, or null. */
function fault(reference, results) {
  const [, file, name, cargo, rustName] = TEST.exec(reference) ?? [];
  const wanted = name ?? rustName;
  const outcomes = results.get(file ?? cargo);
  if (wanted === undefined) return "is not of the form `file.test.js › test` or `cargo: module::test`";
  if (outcomes === undefined) return "is in a file that does not exist, or did not run";
  const meant = [...outcomes].filter(([test]) => test === wanted || test.startsWith(`${wanted} › `));
  if (meant.length === 0) return "does not exist, or did not run";
  const others = meant.filter(([, outcome]) => outcome !== "passed" && !(outcome === "skipped" && SKIPPING));
  return others.length === 0 ? null : others.map(([test, outcome]) => `${outcome}: ${test}`).join("; ");
}

/**
 * What is wrong with a table.
 *
 * @param {ReturnType<typeof readRows>} rows
 * @param {ReturnType<typeof readResults>} results
 * @returns {string[]} A message for each fault.
 */
function check(rows, results) {
  return rows.flatMap(({ line, subject, tests }) => {
    const faults = tests.length === 0 ? ["no test"] : [];
    for (const test of tests) {
      const problem = fault(test, results);
      if (problem !== null) faults.push(`\`${test}\` ${problem}`);
    }
    return faults.map((text) => `docs/compatibility.md:${line}: ${subject}: ${text}`);
  });
}

function main() {
  const rows = readRows(fs.readFileSync(TABLE, "utf8"));
  if (rows.length === 0) throw new Error(`${TABLE} has no table whose last column is "Shown by"`);
  const faults = check(rows, readResults());
  if (faults.length > 0) {
    console.error(`${faults.join("\n")}\n${faults.length} faults in ${rows.length} rows of docs/compatibility.md.`);
    process.exitCode = 1;
  } else {
    const count = rows.reduce((sum, { tests }) => sum + tests.length, 0);
    console.log(`docs/compatibility.md: ${rows.length} rows, each shown by tests that passed (${count} named).`);
  }
}

if (require.main === module) main();

module.exports = { check, readRows };
