"use strict";

// What a soak has shown.

const { isBack } = require("./figures.js");

const MIB = 1024 * 1024;

/**
 * @typedef {object} Finding
 * @property {string} name
 * @property {boolean} ok
 * @property {string} text With figures.
 */

/**
 * How much more at the end is still flat: a share, for what follows the load of the moment, and an amount. V8 sizes its heap and the
 * allocator its arenas by what happened to be needed at once, which differs by some MiB from hour to hour; a leak goes on.
 */
const TOLERANCE = {
  resident: { share: 0.1, amount: 16 * MIB, show: mib },
  heap: { share: 0.1, amount: 8 * MIB, show: mib },
  descriptors: { share: 0, amount: 16, show: String },
};

/** The part of the time that is for warming up. */
const WARM = 0.25;

/** What the sends of the load come to where they reject: all there is. */
const OUTCOMES = [
  "fulfilled",
  "ERR_CRYO_SESSION_CLOSED",
  "ERR_CRYO_DROPPED",
  "ERR_CRYO_ACK_TIMEOUT",
  "ERR_CRYO_STREAM_CANCELLED",
];

/** Of the event loop, in ms. */
const LONGEST_LAG = 100;

/**
 * @param {object} record
 * @param {({ at: number })[]} record.samples Figures during the load, see figures.js; `at` goes from 0 to 1.
 * @param {{ p50: number, p999: number, longest: number, withWaits: number }} record.lag In ms.
 * @param {{ visits: Record<string, number>, failures: { count: number, first: string[] } }} record.load What the load said last.
 * @param {object} record.end What the server said last.
 * @param {{ script: string, status: number | string, output: string }[]} record.exits
 * @returns {Finding[]}
 */
function judge({ samples, lag, load, end, exits }) {
  return [
    service(load),
    ...Object.keys(TOLERANCE).map((what) => flat(what, samples)),
    rest("the load is gone", end.idle, end.left),
    rest("Destroy()", end.bare, end.gone),
    ...Object.entries(end.ledgers).map(settlement),
    finding("every outcome of a send", OUTCOMES.every((outcome) => end.ledgers.reject.outcomes[outcome] > 0), OUTCOMES),
    // Not the longest, which may have waited for one of V8's threads that had no CPU.
    finding("event-loop lag", lag.p999 < LONGEST_LAG, [
      `median ${ms(lag.p50)}`,
      `p99.9 ${ms(lag.p999)}`,
      `longest ${ms(lag.longest)}`,
      `with waits for a CPU ${ms(lag.withWaits)}`,
    ]),
    finding("no error was reported", Object.keys(end.reports).length === 0, [JSON.stringify(end.reports)]),
    ...exits.map(({ script, status, output }) =>
      finding(`${script} ends by itself`, status === 0 && output === "", [`exit code ${status}`, output]),
    ),
  ];
}

function finding(name, ok, parts) {
  return { name, ok, text: parts.filter(Boolean).join(", ") };
}

function service({ visits, failures }) {
  const ok = Object.values(visits).every((count) => count > 0) && failures.count === 0;
  const counts = Object.entries(visits).map(([name, count]) => `${name} ${count}`);
  return finding("every scenario was served", ok, [...counts, `failed ${failures.count}`, ...failures.first]);
}

/**
 * Compares the quarter of the time behind the first with the last one. The lower quartile of each counts: what is needed whatever the load of
 * the moment, which comes on top.
 */
function flat(what, samples) {
  const between = (from, to) => quartile(samples.filter(({ at }) => at > from && at <= to).map((sample) => sample[what]));
  const [before, after] = [between(WARM, 0.5), between(0.75, 1)];
  const { share, amount, show } = TOLERANCE[what];
  const most = before * (1 + share) + amount;
  return finding(`${what} is flat`, after <= most, [`${show(before)} after warming up`, `${show(after)} at the end`, `${show(most)} allowed`]);
}

function quartile(values) {
  return values.sort((a, b) => a - b)[values.length >> 2];
}

function rest(when, before, after) {
  return finding(`nothing is left after ${when}`, isBack(before, after), [
    `${after.sessions} sessions`,
    `${after.descriptors} descriptors, ${before.descriptors} before`,
    `${mib(after.heap)} heap, ${mib(before.heap)} before`,
  ]);
}

/** Every promise has settled; with "pending", or was collected as garbage. */
function settlement([undelivered, { kept, outcomes, released }]) {
  const settled = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  const lost = kept - settled - (undelivered === "pending" ? released : 0);
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  return finding(`promises with undelivered "${undelivered}"`, lost === 0, [
    `${kept} made`,
    ...counts,
    `${released} released`,
    `${lost} lost`,
  ]);
}

function mib(bytes) {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

function ms(value) {
  return `${value.toFixed(1)} ms`;
}

module.exports = { WARM, judge, mib };
