// The page: signing in, the state of the connection, and who handles what the server says.

import { CryoClient } from "/client/index.mjs";

import { Chat } from "./chat.mjs";
import { Figures } from "./figures.mjs";
import { Files } from "./files.mjs";
import { element } from "./format.mjs";
import { offerTrouble } from "./trouble.mjs";

const signIn = element("sign-in");
const NAME = "cryo-demo-name";

signIn.elements.name.value = localStorage.getItem(NAME) ?? "";
signIn.elements.token.value = decodeURIComponent(location.hash.slice(1));

signIn.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, token } = Object.fromEntries(new FormData(signIn));
  element("refusal").textContent = "";
  const url = new URL(`/chat?${new URLSearchParams({ name })}`, location.href.replace(/^http/, "ws"));
  const client = new CryoClient({ url, token });
  watch(client);
  try {
    await client.connect();
  } catch (error) {
    show("away", "Not connected");
    element("sid").textContent = "";
    element("refusal").textContent = `${error.message} Is the token right?`;
    return;
  }
  localStorage.setItem(NAME, name);
  enter(client, { name, token, url });
});

function enter(client, identity) {
  const parts = [new Chat(client, identity.name), new Files(client), new Figures(client)];
  offerTrouble(client, identity);
  client.addEventListener("text", ({ detail }) => {
    const message = JSON.parse(detail);
    for (const part of parts) part.told(message);
  });
  signIn.hidden = true;
  for (const id of ["room", "leave"]) element(id).hidden = false;
  element("leave").addEventListener("click", () => {
    client.close("left the page");
    location.reload();
  });
}

function watch(client) {
  show("waiting", "Connecting …");
  client.addEventListener("open", () => show("here", "Connected"));
  element("sid").textContent = ` · session ${client.sid.toString(16)}`;
  client.addEventListener("close", ({ detail }) => {
    if (detail.retryMs === null) show("away", `Closed (${detail.code} ${detail.reason})`);
    else show("waiting", `Lost (${detail.code}), coming back …`);
  });
}

/** @param {"here" | "waiting" | "away"} state */
function show(state, text) {
  element("status").dataset.state = state;
  element("state").textContent = text;
}
