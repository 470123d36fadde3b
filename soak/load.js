"use strict";

// The load: guests of every scenario at both servers, who visit again and again until they are told to stop.

const fs = require("node:fs");
const path = require("node:path");
const { setTimeout } = require("node:timers/promises");

const { Clients, sids } = require("../__test__/support/clients");

const FOLDER = path.join(__dirname, "scenarios");
/** Failures that are told in full. */
const TOLD = 10;

/**
 * @typedef {object} Scenario
 * @property {number} guests Of each server, at the same time.
 * @property {number} pauseMs Between two visits of a guest.
 * @property {(clients: Clients, turn: number) => Promise<void>} visit One session or more, from connecting to leaving. `turn` counts a
 *   guest's visits.
 */

const scenarios = fs.readdirSync(FOLDER).map((file) => ({ name: path.parse(file).name, ...require(path.join(FOLDER, file)) }));

/** One after the other, so that no two guests have the same. */
const numbers = sids();
let over = false;
const visits = Object.fromEntries(scenarios.map(({ name }) => [name, 0]));
const failures = [];

/** @param {Scenario & { name: string }} scenario */
async function guest({ name, visit, pauseMs }, target) {
  for (let turn = 0; !over; turn++) {
    // They behave, unless a scenario says otherwise.
    const clients = new Clients(() => ({ ...target, acks: true, pongs: true }), numbers);
    try {
      await visit(clients, turn);
      visits[name]++;
    } catch (error) {
      failures.push(`${name}: ${error.stack}`);
    }
    clients.destroy();
    await setTimeout(pauseMs);
  }
}

/** @param {{ port: number, tls: boolean }[]} targets */
async function main(targets) {
  const stopped = new Promise((resolve) => process.once("message", resolve));
  stopped.then(() => (over = true));
  await Promise.all(
    scenarios.flatMap((scenario) =>
      targets.flatMap((target) => Array.from({ length: scenario.guests }, () => guest(scenario, target))),
    ),
  );
  await stopped;
  process.send({ visits, failures: { count: failures.length, first: failures.slice(0, TOLD) } }, () => process.disconnect());
}

process.once("message", main);
