"use strict";

// The chat: its members, what was said, and the figures that every member gets once a second. Everything but files travels
// as JSON in text messages: `{ kind, ... }`.

const { sendBack } = require("./files.js");
const { flood } = require("./flood.js");

const FIGURES_MS = 1000;
const REMEMBERED = 50;
const NAME_CHARACTERS = 40;

class Chat {
  /** Names by session. */
  #members = new Map();
  #history = [];
  #timer = null;

  /** @param {import("../..").CryoServerWebsocketSession} session @param {string} name */
  join(session, name) {
    session.on("connected", () => {
      this.#members.set(session, name.slice(0, NAME_CHARACTERS));
      this.#timer ??= setInterval(() => this.#figures(), FIGURES_MS);
      tell(session, { kind: "history", messages: this.#history });
      this.#figures();
    });
    session.on("message-utf8", (text) => this.#handle(session, JSON.parse(text)));
    session.on("closed", () => this.#leave(session));
  }

  #leave(session) {
    this.#members.delete(session);
    if (this.#members.size > 0) return this.#figures();
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #handle(session, request) {
    switch (request.kind) {
      case "say":
        return this.#say(this.#members.get(session), String(request.text));
      case "file":
        return this.#file(session, String(request.stream));
      case "flood":
        return flood(session);
      case "hang-up":
        return session.Destroy();
    }
  }

  #say(name, text) {
    const said = { kind: "said", name, text, at: Date.now() };
    this.#history = [...this.#history, said].slice(-REMEMBERED);
    this.#tellAll(said);
  }

  async #file(session, stream) {
    try {
      tell(session, { kind: "checksum", stream, sha256: await sendBack(session, stream) });
    } catch (error) {
      tell(session, { kind: "failed", stream, reason: error.message });
    }
  }

  #figures() {
    const sessions = [...this.#members].map(([{ id, rx, tx, queued, dropped }, name]) => {
      return { id: String(id), name, rx, tx, queued: queued.bytes, dropped };
    });
    this.#tellAll({ kind: "figures", sessions });
  }

  #tellAll(message) {
    for (const session of this.#members.keys()) tell(session, message);
  }
}

function tell(session, message) {
  session.SendUTF8(JSON.stringify(message));
}

module.exports = { Chat };
