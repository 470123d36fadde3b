"use strict";

// The code in the documentation: fenced blocks of Markdown files, run or type-checked as a reader would.

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const { ROOT, read } = require("./repository");
const { deferred, within } = require("./wait");

/** Inside the package, so that "cryo-server" is this package. */
const FOLDER = path.join(ROOT, "target", "snippets");
const STAGE = path.join(__dirname, "stage.mjs");
const FENCE = /^( *)```(\w+)[^\n]*\n(.*?)^ *```$/gms;
/** How a fence's language is written to a file, and whether it is run. Shell, JSON and so on are no code of this package. */
const LANGUAGES = { js: ".mjs", mjs: ".mjs", javascript: ".mjs", cjs: ".cjs", ts: ".mts", typescript: ".mts" };

/** The files of which each snippet is tested: the README and all of docs/. */
function documents() {
  const pages = fs.readdirSync(path.join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...pages.sort().map((name) => `docs/${name}`)];
}

/**
 * @typedef {{ name: string, extension: string, code: string }} Snippet `name` says where it stands, such as `README.md:12`.
 *
 * @param {string} document Its path in the package.
 * @returns {Snippet[]}
 */
function snippets(document) {
  const text = read(document);
  return [...text.matchAll(FENCE)]
    .filter(([, , language]) => Object.hasOwn(LANGUAGES, language))
    .map(({ 1: indentation, 2: language, 3: code, index }) => ({
      name: `${document}:${text.slice(0, index).split("\n").length}`,
      extension: LANGUAGES[language],
      code: code.replaceAll(new RegExp(`^${indentation}`, "gm"), ""),
    }));
}

/** Writes a snippet where it can be run; what it imports from "./" is in the package. @param {Snippet} snippet @returns {string} The file. */
function write({ name, extension, code }) {
  fs.mkdirSync(FOLDER, { recursive: true });
  const file = path.join(FOLDER, name.replaceAll(/\W+/g, "-") + extension);
  fs.writeFileSync(file, code.replaceAll(/(from |require\()"\.\//g, '$1"../../'));
  return file;
}

/**
 * Runs a program of Node.js to its end.
 *
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, output: string }>} `output` is what it printed on both streams.
 */
async function node(args) {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const ended = deferred();
  child.on("close", (code) => ended.resolve(code));
  try {
    return { code: await within(ended.promise, `the end of ${args.join(" ")}`, 120_000), output };
  } finally {
    child.kill("SIGKILL");
  }
}

/** Runs a snippet on the stage: see `stage.mjs`. @param {Snippet} snippet */
const perform = (snippet) => node([STAGE, write(snippet)]);

module.exports = { documents, node, perform, snippets, write };
