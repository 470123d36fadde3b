// The chat.

import { element } from "./format.mjs";

/** Who has scrolled up further than this reads old messages and is left there. */
const END_PX = 40;

export class Chat {
  #name;
  #list = element("messages");

  constructor(client, name) {
    this.#name = name;
    const form = element("say");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const { text } = form.elements;
      try {
        await client.sendText(JSON.stringify({ kind: "say", text: text.value }));
        form.reset();
      } catch {
        text.focus(); // not connected: what was typed stays
      }
    });
  }

  told(message) {
    // The history comes after every connect, so it also fills the gap that a lost connection left.
    if (message.kind === "history") this.#list.replaceChildren();
    const said = { history: message.messages, said: [message] }[message.kind] ?? [];
    const atEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < END_PX;
    this.#list.append(...said.map((one) => entry(one, one.name === this.#name)));
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }
}

function entry({ name, text, at }, own) {
  const item = document.createElement("li");
  item.className = own ? "own" : "";
  const who = document.createElement("b");
  who.textContent = name;
  const when = document.createElement("time");
  when.dateTime = new Date(at).toISOString();
  when.textContent = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const said = document.createElement("p");
  said.textContent = text;
  item.append(who, when, said);
  return item;
}
