"use strict";

// Medians and spreads.

/** @typedef {{ median: number, min: number, max: number, values: number[] }} Summary */

/**
 * @param {number[]} values
 * @returns {Summary | null} Null of nothing.
 */
function summarize(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1), values };
}

module.exports = { summarize };
