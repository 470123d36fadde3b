"use strict";

// Numbers as people read them.

/**
 * Three significant digits, thousands grouped.
 *
 * @param {number} value
 * @returns {string}
 */
function compact(value) {
  if (!Number.isFinite(value)) return "-";
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 3 });
}

/**
 * A median and its spread.
 *
 * @param {import("./statistics.js").Summary | null} summary
 * @param {(value: number) => string} [show]
 * @returns {string}
 */
function spread(summary, show = compact) {
  if (summary === null) return "failed";
  const { median, min, max } = summary;
  return min === max ? show(median) : `${show(median)} (${show(min)}–${show(max)})`;
}

module.exports = { compact, spread };
