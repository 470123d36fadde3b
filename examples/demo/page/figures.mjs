// Live figures: the round trip as this tab measures it, its traffic, and what the server says about all sessions.

import { Chart } from "./chart.mjs";
import { bytes, element } from "./format.mjs";

const SAMPLE_MS = 1000;

export class Figures {
  #client;
  #charts = Object.fromEntries(["rtt", "traffic", "queue"].map((id) => [id, new Chart(element(`${id}-chart`))]));
  #before;

  constructor(client) {
    this.#client = client;
    this.#before = client.rx + client.tx;
    setInterval(() => this.#sample(), SAMPLE_MS);
  }

  told({ kind, sessions }) {
    if (kind !== "figures") return;
    const queued = sessions.reduce((sum, session) => sum + session.queued, this.#client.buffered);
    this.#show("queue", queued, bytes(queued));
    element("sessions").replaceChildren(...sessions.map((session) => this.#row(session)));
  }

  async #sample() {
    const now = this.#client.rx + this.#client.tx;
    this.#show("traffic", now - this.#before, `${bytes(now - this.#before)}/s`);
    this.#before = now;
    if (!this.#client.connected) return;
    try {
      const ms = await this.#client.ping();
      this.#show("rtt", ms, `${ms.toFixed(1)} ms`);
    } catch {
      // The connection was lost meanwhile; the status says so.
    }
  }

  #show(id, value, text) {
    element(id).textContent = text;
    this.#charts[id].push(value);
  }

  #row({ id, name, rx, tx, queued, dropped }) {
    const row = document.createElement("tr");
    row.className = id === String(this.#client.sid) ? "own" : "";
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    row.append(head);
    for (const text of [bytes(rx), bytes(tx), bytes(queued), String(dropped)]) {
      row.insertCell().textContent = text;
    }
    return row;
  }
}
