"use strict";

// The report: a table of the points with ratios and spreads, the cost per message, the curves, and where it all came from.

const { compact, spread } = require("./format.js");
const { METRICS, cpuPerMessage, loopPerMessage } = require("./metrics.js");
const { plotName } = require("./plots.js");
const { summarize } = require("./statistics.js");

/**
 * @param {{ about: Record<string, string>, plan: any, jobs: import("./bench.js").Job[],
 *   field: Map<string, import("./contenders.js").Contender> }} found
 * @returns {string} Markdown.
 */
function report({ about, plan, jobs, field }) {
  const sections = [
    "# Benchmark report",
    "Medians of interleaved rounds; the smallest and the largest round in parentheses. A ratio is ours by theirs, round by "
      + "round. This server acknowledges every message, resolves every send's promise and emits through a listener; `ws` and "
      + "uWebSockets.js echo the same bytes and acknowledge nothing.",
    table(["", ""], Object.entries({ ...about, ...versions(field) })),
  ];
  if (plan.points.length > 0) sections.push("## Points", pointTable(plan.points, jobs), "## Cost per message", costTable(plan, jobs));
  if (plan.curves.length > 0) sections.push("## Curves", ...plan.curves.flatMap((curve) => curveSection(curve, jobs)));
  const failures = jobs.flatMap(({ id, x, contender, failures: found }) => found.map((text) => [id, x ?? "", contender, text]));
  if (failures.length > 0) sections.push("## Failures", table(["point", "", "who", "what"], failures));
  return `${sections.join("\n\n")}\n`;
}

function versions(field) {
  return { compared: [...field.values()].filter(({ id }) => id !== "plain").map(({ label }) => label).join(", ") };
}

function pointTable(points, jobs) {
  // What is compared with itself stands where ws does.
  const column = (contender) => (contender === "plain" ? "ws" : contender);
  const peers = ["ws", "uws", "peer"].filter((id) => jobs.some(({ contender }) => column(contender) === id));
  const rows = points.map((point) => {
    const metric = METRICS[point.metric];
    const find = (id) => jobs.find((job) => job.id === point.id && job.x === null && column(job.contender) === id);
    const own = find("cryo");
    const cells = peers.map((id) => {
      const job = find(id);
      return job === undefined ? "" : `${spread(summary(job, metric), metric.show)} → **${spread(ratio(own, job, metric))}**`;
    });
    return [point.title, metric.unit, spread(summary(own, metric), metric.show), ...cells, point.firstAim, point.secondAim];
  });
  return table(["point", "unit", "cryo", ...peers.map((id) => `${id} → ratio`), "first aim", "second aim"], rows);
}

function costTable({ points }, jobs) {
  const counted = points.filter(({ load }) => load.scenario !== "idle");
  const rows = counted.flatMap(({ id, title }) =>
    jobs.filter((job) => job.id === id).map((job) => [
      title,
      job.contender,
      spread(summarize(done(job).map(cpuPerMessage))),
      spread(summarize(done(job).map(loopPerMessage))),
      spread(summarize(done(job).map((run) => run.result.load_cpu_share * 100))),
    ]),
  );
  return table(["point", "who", "CPU, µs", "event loop, µs", "load generator, % of its core"], rows);
}

function curveSection(curve, jobs) {
  const mine = jobs.filter(({ id }) => id === curve.id);
  const columns = curve.contenders
    .filter((id) => mine.some(({ contender }) => contender === id))
    .flatMap((id) => curve.metrics.map((metric) => ({ id, metric })));
  const rows = curve.values.map((value) => [
    compact(value),
    ...columns.map(({ id, metric }) => {
      const job = mine.find(({ x, contender }) => x === value && contender === id);
      return spread(summary(job, METRICS[metric]), METRICS[metric].show);
    }),
  ]);
  const heads = columns.map(({ id, metric }) => `${id}, ${METRICS[metric].unit}`);
  return [`### ${curve.title}`, `![${curve.title}](${plotName(curve)})`, table([curve.x, ...heads], rows)];
}

function done(job) {
  return job.runs.filter((run) => run);
}

function summary(job, metric) {
  return summarize(done(job).map(metric.of));
}

function ratio(own, other, metric) {
  const both = own.runs.map((run, round) => [run, other.runs[round]]).filter(([ours, theirs]) => ours && theirs);
  return summarize(both.map(([ours, theirs]) => metric.of(ours) / metric.of(theirs)));
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

module.exports = { report };
