"use strict";

// The reference pages against the code: every error code, every option with its default, every event.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { codes } = require("../../lib/errors.js");
const { normalizeOptions } = require("../../lib/options/options.js");
const { read } = require("../support/repository");

const UNITS = { "": 1, KiB: 1024, MiB: 1024 * 1024 };

/** The rows of a page's tables, as cells, whose first cell is one name in backquotes: that name first. */
function rows(page) {
  return [...read(page).matchAll(/^\| `([^`|]+)` \|(.*)\|$/gm)].map(([, name, cells]) => [
    name,
    ...cells.split(/(?<!\\)\|/).map((cell) => cell.trim()),
  ]);
}

/** What a table's default stands for. */
function valueOf(cell) {
  if (cell === "none") return undefined;
  const literal = /^`(.*)`$/.exec(cell);
  if (literal) return JSON.parse(literal[1]);
  const [number, unit = ""] = cell.split(" ");
  return Number(number) * UNITS[unit];
}

const defaults = normalizeOptions({ validate: () => true });

/** @param {string[]} row Of an option, with its default in the second cell. */
function checkDefault([name, cell]) {
  if (name === "backpressure") assert.deepEqual(normalizeOptions({ validate() {} }, { backpressure: valueOf(cell) }), defaults);
  else assert.deepEqual(valueOf(cell), defaults[name], name);
}

test("docs/errors.md has every code, and no other", () => {
  const documented = rows("docs/errors.md").map(([name]) => name);
  const coded = documented.filter((name) => /^(ERR_)?CRYO_/.test(name));
  assert.deepEqual(coded.sort(), Object.values(codes).sort());
});

test("types/errors.d.ts has every code of an error, in the type and in its description, and no other", () => {
  const types = read("types/errors.d.ts");
  const named = (pattern) => [...types.matchAll(pattern)].map(([, code]) => code).sort();
  // The code of a process warning is that of no error.
  const errors = Object.values(codes).filter((code) => code !== codes.APPLICATION_ERROR).sort();
  assert.deepEqual(named(/^ {2}\| "(\w+)"/gm), errors);
  assert.deepEqual(named(/^ \* - `(\w+)`:/gm), errors);
});

test("docs/operations.md has every outcome of a handshake, and no other", () => {
  const refusals = [...read("src/net/handshake/refusal.rs").matchAll(/StatusCode::(\w+),\s*"(\w+)"/g)];
  const others = [...read("src/server/handshake/mod.rs").matchAll(/Self::\w+ => "(\w+)"|metrics\.handshake\("(\w+)"\)/g)];
  // Counted by connections, before there is a handshake.
  const uncounted = [...read("src/server/handshake/reject.rs").matchAll(/Excess::\w+ => Refusal::(\w+)\(\)/g)].map(([, name]) => name);
  assert.deepEqual(uncounted, ["too_many_connections", "too_many_from_address"]);
  const counted = refusals.map(([, , outcome]) => outcome).filter((outcome) => !uncounted.includes(outcome));
  const coded = [...counted, ...others.map(([, ending, direct]) => ending ?? direct)];
  const page = read("docs/operations.md").split("### Outcomes of handshakes")[1].split("\n## ")[0];
  const documented = [...page.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) => cell.match(/\w+/g));
  assert.deepEqual(documented.sort(), coded.sort());
});

test("docs/options.md has every option with its default, and no other", () => {
  const documented = rows("docs/options.md").filter(([name]) => /^[a-z]\w+$/i.test(name));
  assert.deepEqual(documented.map(([name]) => name).sort(), Object.keys(defaults).sort());
  documented.forEach(checkDefault);
});

test("README.md has the defaults of the options it names", () => {
  const documented = rows("README.md").filter(([name]) => Object.hasOwn(defaults, name));
  assert.notEqual(documented.length, 0);
  documented.forEach(checkDefault);
});

test("docs/options.md has the backpressure limits of every profile", () => {
  const limits = (backpressure) => Object.values(normalizeOptions({ validate() {} }, { backpressure }).backpressure);
  const documented = new Map([...read("docs/options.md").matchAll(/^\| ([^|]+) \|((?: [^|]+ \|){5})$/gm)].map(([, name, cells]) => [name, cells]));
  const profiles = {
    '`"default"`': "default",
    '`"optimize_latency"`': "optimize_latency",
    '`"optimize_memory"`': "optimize_memory",
    "what an object leaves out": {},
    "what an upper-case object leaves out": { DROP_POLICY: "drop-oldest" },
  };
  for (const [name, option] of Object.entries(profiles)) {
    const cells = documented.get(name).split("|").slice(0, 5).map((cell) => cell.trim());
    const shown = cells.map((cell) => (cell === "`drop-oldest`" ? "drop-oldest" : valueOf(cell)));
    assert.deepEqual(shown, limits(option), name);
  }
});

test("docs/events.md has the events that the types declare, and no other", () => {
  const declared = ["server", "session", "stream"].flatMap((file) => {
    const interfaces = read(`types/${file}.d.ts`).matchAll(/export interface \w+Events \{(.*?)^\}/gms);
    return [...interfaces].flatMap(([, body]) => [...body.matchAll(/^ {2}"?([\w-]+)"?: \(/gm)].map(([, name]) => name));
  });
  assert.deepEqual(rows("docs/events.md").map(([name]) => name).sort(), declared.sort());
});
