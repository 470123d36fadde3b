"use strict";

// What Autobahn found, as a table of its groups and a list of the cases that are not simply OK.

/** Autobahn's groups. It has no cases in 8, and 12 and 13 are not run. */
const GROUPS = {
  1: "Framing",
  2: "Pings and pongs",
  3: "Reserved bits",
  4: "Opcodes",
  5: "Fragmentation",
  6: "UTF-8",
  7: "Closing",
  9: "Limits and performance",
  10: "Miscellaneous",
};

/** Verdicts, the better the earlier. Autobahn has several words for the last. */
const VERDICTS = ["OK", "NON-STRICT", "INFORMATIONAL", "FAILED"];
const FAILED = VERDICTS.length - 1;

/** @typedef {import("./suite.js").Case} Case */

/** Index of the verdict on a case: the worse of those on what was answered and on how the connection was closed. */
function verdict({ behavior, behaviorClose }) {
  return Math.max(...[behavior, behaviorClose].map((word) => VERDICTS.indexOf(word)).map((index) => (index < 0 ? FAILED : index)));
}

/** @param {Case[]} cases */
function passed(cases) {
  return cases.every((each) => verdict(each) !== FAILED);
}

/**
 * @param {Case[]} cases
 * @returns {string} Markdown.
 */
function report(cases) {
  const groups = Object.entries(GROUPS)
    .map(([group, name]) => ({ title: `${group} ${name}`, members: cases.filter(({ id }) => id.split(".")[0] === group) }))
    .filter(({ members }) => members.length > 0);
  const rows = [
    ["group", "cases", ...VERDICTS],
    ["---", "---:", ...VERDICTS.map(() => "---:")],
    ...[...groups, { title: "all", members: cases }].map(({ title, members }) => [title, members.length, ...counts(members)]),
  ];
  const table = rows.map((cells) => `| ${cells.join(" | ")} |`);
  return [...table, "", ...cases.filter((each) => verdict(each) > 0).map(reason)].join("\n");
}

function counts(cases) {
  return VERDICTS.map((_, index) => cases.filter((each) => verdict(each) === index).length);
}

/** A case in Autobahn's words, and how the echo closed. */
function reason({ id, behavior, behaviorClose, description, expectation, result, resultClose, remoteCloseCode, remoteCloseReason }) {
  const sentences = [description, expectation, result, resultClose].map((text) => text.replace(/\.*$/, "."));
  const close = [remoteCloseCode ?? "no close frame", remoteCloseReason].filter((part) => part !== null).join(" ");
  return `- ${id} ${behavior}, closing ${behaviorClose} (${close}): ${[...new Set(sentences)].join(" ")}`;
}

module.exports = { passed, report };
