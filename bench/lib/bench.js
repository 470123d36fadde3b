"use strict";

// The whole benchmark: what is asked for, in interleaved rounds, then the results.

const { contenders } = require("./contenders.js");
const { measure } = require("./measure.js");
const { writeResults } = require("./results.js");

/** Rounds of a curve: its shape matters, and it has many values. */
const CURVE_ROUNDS = 3;
/** What paced loads are shares of. */
const REFERENCE = { scenario: "echo", sessions: 64, depth: 1, size: 64 };

/**
 * One thing to be measured, again and again.
 *
 * @typedef {object} Job
 * @property {string} id The point's or curve's.
 * @property {number | null} x The curve's value.
 * @property {string} contender
 * @property {import("./points.js").Work} work
 * @property {import("./points.js").Load} load
 * @property {number} rounds
 * @property {import("./measure.js").Run[]} runs One a round; null where it failed.
 * @property {string[]} failures
 */

/**
 * @param {import("./plan.js").Plan} plan
 * @param {import("./options.js").Options & { load: string }} options
 * @returns {Promise<boolean>} Whether everything of ours could be measured.
 */
async function bench(plan, options) {
  const field = contenders(options);
  const jobs = plan.points.flatMap((point) => pointJobs(point, field, options));
  jobs.push(...plan.curves.flatMap((curve) => curveJobs(curve, field, options)));
  await runRounds(jobs, field, options);
  await writeResults({ plan, jobs, field, options });
  return jobs.every(({ contender, failures }) => contender !== "cryo" || failures.length === 0);
}

function pointJobs(point, field, { rounds }) {
  return ["cryo", ...point.beside]
    .filter((id) => field.has(id))
    .map((id) => job(point.id, null, id, point.instead?.[id] ?? point.work, point.load, rounds));
}

function curveJobs(curve, field, { rounds }) {
  const present = curve.contenders.filter((id) => field.has(id));
  return curve.values.flatMap((value) =>
    present.map((id) => job(curve.id, value, id, curve.work, curve.load(value), Math.min(rounds, CURVE_ROUNDS))),
  );
}

function job(id, x, contender, work, load, rounds) {
  return { id, x, contender, work, load, rounds, runs: [], failures: [] };
}

async function runRounds(jobs, field, options) {
  const paced = jobs.some(({ load }) => load.rateShare !== undefined);
  const maximum = paced ? await referenceRate(field, options) : 0;
  const rounds = Math.max(...jobs.map((each) => each.rounds));
  for (let round = 0; round < rounds; round += 1) {
    // Every other round goes backwards, so that nobody always runs after the same neighbour.
    const order = round % 2 === 0 ? jobs : jobs.toReversed();
    for (const each of order) {
      if (round < each.rounds) await runJob(each, round, field, maximum, options);
    }
  }
}

async function runJob(each, round, field, maximum, options) {
  const { rateShare, ...rest } = each.load;
  const load = rateShare === undefined ? rest : { ...rest, rate: Math.max(1, Math.round(rateShare * maximum)) };
  const name = [each.id, each.x, each.contender].filter((part) => part !== null).join(" ");
  try {
    const run = await measure(field.get(each.contender), each.work, load, options);
    each.runs[round] = run;
    console.log(`${round + 1}/${each.rounds} ${name}: ${Math.round(run.result.per_second)}/s`);
  } catch (error) {
    each.runs[round] = null;
    each.failures.push(error.message);
    console.log(`${round + 1}/${each.rounds} ${name}: FAILED: ${error.message}`);
  }
}

async function referenceRate(field, options) {
  const run = await measure(field.get("cryo"), { work: "echo" }, REFERENCE, options);
  console.log(`paced loads are shares of ${Math.round(run.result.per_second)} messages/s`);
  return run.result.per_second;
}

module.exports = { bench };
