"use strict";

// The short form of the soak, whose long one is `npm run soak`; and that its verdict finds what it is for.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { soak } = require("../../soak/soak.js");
const { judge } = require("../../soak/verdict.js");

const MIB = 1024 * 1024;
/** What depends on how busy the machine is: the other tests run beside this one. */
const MACHINES_AFFAIR = "event-loop lag";

const failed = (findings) => findings.filter(({ ok }) => !ok).map(({ name }) => name);

test("two minutes of mixed load", async (t) => {
  const findings = await soak(2, () => {});
  for (const { name, text } of findings) t.diagnostic(`${name}: ${text}`);
  assert.deepEqual(failed(findings).filter((name) => name !== MACHINES_AFFAIR), []);
});

describe("the verdict finds", () => {
  const STEPS = 40;

  /** What a server that does everything right leaves, with `change` made to it. */
  function record(change = () => {}) {
    const samples = Array.from({ length: STEPS }, (_, step) => ({
      at: (step + 1) / STEPS,
      resident: 130 * MIB + (step % 7) * MIB,
      heap: 15 * MIB + ((step * 11) % 31) * MIB,
      descriptors: 45 + (step % 10),
    }));
    const outcomes = { fulfilled: 9, ERR_CRYO_SESSION_CLOSED: 1, ERR_CRYO_DROPPED: 1, ERR_CRYO_ACK_TIMEOUT: 1, ERR_CRYO_STREAM_CANCELLED: 1 };
    const quiet = { descriptors: 29, sessions: 0, heap: 7 * MIB };
    const end = {
      idle: quiet,
      left: { ...quiet },
      bare: quiet,
      gone: { ...quiet },
      ledgers: { pending: { kept: 10, outcomes: { fulfilled: 8 }, released: 2 }, reject: { kept: 13, outcomes, released: 0 } },
      reports: {},
    };
    const all = {
      samples,
      end,
      lag: { p50: 1, p999: 40, longest: 300, withWaits: 500 },
      load: { visits: { churn: 7, echo: 3 }, failures: { count: 0, first: [] } },
      exits: [{ script: "server.js", status: 0, output: "" }],
    };
    change(all);
    return all;
  }

  const grow = (what, amount) => ({ samples }) => samples.forEach((sample, step) => (sample[what] += step * amount));
  const rows = {
    "nothing in a good record": [undefined, []],
    "memory that grows": [grow("resident", 2 * MIB), ["resident is flat"]],
    "a heap that grows": [grow("heap", MIB), ["heap is flat"]],
    "descriptors that are never closed": [grow("descriptors", 1), ["descriptors is flat"]],
    "a session that never ends": [({ end }) => (end.left.sessions = 1), ["nothing is left after the load is gone"]],
    "objects that are never garbage": [({ end }) => (end.left.heap += 7 * MIB), ["nothing is left after the load is gone"]],
    "a descriptor that outlives its server": [({ end }) => end.gone.descriptors++, ["nothing is left after Destroy()"]],
    "a promise that is kept and never settles": [({ end }) => end.ledgers.pending.kept++, ['promises with undelivered "pending"']],
    "a promise that should have been rejected": [
      ({ end: { ledgers } }) => ledgers.reject.kept++ && ledgers.reject.released++,
      ['promises with undelivered "reject"'],
    ],
    "a load that causes no time-outs": [
      ({ end: { ledgers } }) => delete ledgers.reject.outcomes.ERR_CRYO_ACK_TIMEOUT && ledgers.reject.kept--,
      ["every outcome of a send"],
    ],
    "a scenario that was never served": [({ load }) => (load.visits.echo = 0), ["every scenario was served"]],
    "a visit that failed": [({ load }) => load.failures.count++, ["every scenario was served"]],
    "a slow event loop": [({ lag }) => (lag.p999 = 101), [MACHINES_AFFAIR]],
    "a reported error": [({ end }) => (end.reports.delivery = 1), ["no error was reported"]],
    "a process that fails at its end": [({ exits }) => (exits[0].status = 1), ["server.js ends by itself"]],
    "a process that warns": [({ exits }) => (exits[0].output = "Warning"), ["server.js ends by itself"]],
  };
  for (const [title, [change, expected]] of Object.entries(rows)) {
    test(title, () => assert.deepEqual(failed(judge(record(change))), expected));
  }
});
