"use strict";

// The curves as SVG.

const { METRICS } = require("./metrics.js");
const { summarize } = require("./statistics.js");

const COLORS = { cryo: "#d1495b", ws: "#30638e", uws: "#6a994e", peer: "#8d6a9f" };
/** Distance of the legend's lines. */
const LINE = 16;

/** @param {import("./curves.js").Curve} curve */
function plotName(curve) {
  return `${curve.id}.svg`;
}

/**
 * @param {import("./curves.js").Curve[]} curves
 * @param {import("./bench.js").Job[]} jobs
 * @param {Map<string, import("./contenders.js").Contender>} field
 * @returns {Promise<{ name: string, svg: string }[]>}
 */
async function plots(curves, jobs, field) {
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<html><body></body></html>");
  return curves.map((curve) => ({ name: plotName(curve), svg: draw(Plot, document, curve, jobs, field) }));
}

function draw(Plot, document, curve, jobs, field) {
  const dots = curve.metrics.flatMap((metric) => jobs.filter(({ id }) => id === curve.id).flatMap((job) => dot(job, metric)));
  const lines = [...new Set(dots.map(({ line }) => line))];
  const legend = lines.map((line, index) => {
    const { who, metric } = dots.find((each) => each.line === line);
    const label = curve.metrics.length > 1 ? `${field.get(who).label}, ${METRICS[metric].unit}` : field.get(who).label;
    const fill = COLORS[who];
    const place = { frameAnchor: "top-right", textAnchor: "start", dx: 12, dy: index * LINE };
    return Plot.text([`${metric === curve.metrics[0] ? "—" : "--"} ${label}`], { ...place, fill, fontWeight: "bold" });
  });
  const dashes = (metric) => (metric === curve.metrics[0] ? undefined : "4 3");
  const strokes = lines.map((line) => {
    const mine = dots.filter((each) => each.line === line);
    const { who, metric } = mine[0];
    return Plot.lineY(mine, { x: "x", y: "median", stroke: COLORS[who], strokeWidth: 2, strokeDasharray: dashes(metric) });
  });
  const svg = Plot.plot({
    document,
    width: 900,
    height: 420,
    marginLeft: 70,
    marginRight: 230,
    marginTop: 24,
    marginBottom: 44,
    style: { background: "white", fontSize: "12px" },
    x: { type: curve.scale, label: curve.x, ticks: curve.values, tickFormat: tick, grid: true },
    y: { type: curve.yScale, label: curve.y, grid: true, zero: curve.yScale === "linear", ticks: 8, tickFormat: tick },
    marks: [
      Plot.ruleX(dots, { x: "x", y1: "min", y2: "max", stroke: ({ who }) => COLORS[who], strokeOpacity: 0.5 }),
      ...strokes,
      Plot.dot(dots, { x: "x", y: "median", fill: ({ who }) => COLORS[who], r: 3 }),
      ...legend,
    ],
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${svg.outerHTML}\n`;
}

/** 1500 is 1.5k, 1048576 is 1.05M, 0.25 stays as it is. */
function tick(value) {
  const [divisor, unit] = [[1e6, "M"], [1e3, "k"]].find(([size]) => value >= size) ?? [1, ""];
  return `${Number((value / divisor).toPrecision(3))}${unit}`;
}

/** A job's place in the plot; none where it failed. */
function dot(job, metric) {
  const found = summarize(job.runs.filter((run) => run).map(METRICS[metric].of));
  if (found === null) return [];
  return [{ x: job.x, who: job.contender, metric, line: `${job.contender} ${metric}`, ...found }];
}

module.exports = { plotName, plots };
