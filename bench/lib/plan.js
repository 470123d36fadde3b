"use strict";

// What is asked for, of all that can be measured.

const { curves } = require("./curves.js");
const { maxSessions } = require("./machine.js");
const { points } = require("./points.js");

/** @typedef {{ points: import("./points.js").Point[], curves: import("./curves.js").Curve[] }} Plan */

/**
 * @param {import("./options.js").Options} options
 * @returns {Plan}
 * @throws {Error} For a name that is none.
 */
function planOf({ quick, points: names }) {
  const scope = { quick, sessions: maxSessions() };
  const wanted = ({ id }) => names.length === 0 || names.includes(id);
  const plan = { points: points(scope).filter(wanted), curves: curves(scope).filter(wanted) };
  const known = [...plan.points, ...plan.curves].map(({ id }) => id);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no such point: ${unknown.join(", ")} (--list shows them all)`);
  return plan;
}

module.exports = { planOf };
