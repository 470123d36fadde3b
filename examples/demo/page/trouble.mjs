// The buttons that provoke.

import { element } from "./format.mjs";

/** @param {import("/client/index.mjs").CryoClient} client @param {{ name: string, token: string, url: URL }} identity */
export function offerTrouble(client, { name, token, url }) {
  element("slow").addEventListener("click", () => slowReader(name, token, url));
  element("drop").addEventListener("click", () => client.sendText(JSON.stringify({ kind: "hang-up" })));
}

/** In a worker, because standing still is what it does. */
function slowReader(name, token, url) {
  const button = element("slow");
  button.disabled = true;
  const slowUrl = new URL(url);
  slowUrl.searchParams.set("name", `${name}'s slow reader`);
  const worker = new Worker("/slow-reader.mjs", { type: "module" });
  worker.postMessage({ url: slowUrl.href, token });
  worker.addEventListener("message", ({ data }) => {
    element("trouble").textContent = data.text;
    if (!data.done) return;
    worker.terminate();
    button.disabled = false;
  });
}
