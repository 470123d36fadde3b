// A file's round trip: streamed to the server, streamed back, and compared by checksum.

import { sha256 } from "./checksum.mjs";
import { bytes, element } from "./format.mjs";

export class Files {
  #client;
  #count = 0;
  /** The round trip under way: its stream's name, and who waits for the stream and the server's checksum. */
  #trip = null;

  constructor(client) {
    this.#client = client;
    const input = element("file");
    input.addEventListener("change", async () => {
      const [file] = input.files;
      if (file === undefined) return;
      input.disabled = true;
      try {
        await this.#roundTrip(file);
      } catch (error) {
        verdict("bad", error.message);
      }
      input.disabled = false;
      input.value = "";
    });
    client.addEventListener("stream", ({ detail }) => {
      if (detail.name === this.#trip?.stream) this.#trip.returned(detail);
    });
    client.addEventListener("close", () => this.#trip?.failed(new Error("The connection was lost on the way.")));
  }

  told({ kind, stream, sha256: sum, reason }) {
    if (stream !== this.#trip?.stream) return;
    if (kind === "checksum") this.#trip.checked(sum);
    if (kind === "failed") this.#trip.failed(new Error(reason));
  }

  async #roundTrip(file) {
    reset();
    const started = performance.now();
    const stream = `file-${++this.#count}`;
    const trip = { stream };
    const failed = new Promise((_, reject) => (trip.failed = reject));
    failed.catch(() => {}); // it may fail when nobody looks any more
    const returned = new Promise((resolve) => (trip.returned = resolve));
    const checked = new Promise((resolve) => (trip.checked = resolve));
    this.#trip = trip;

    await this.#client.sendText(JSON.stringify({ kind: "file", stream }));
    const onProgress = (count) => progress("sent", count, file.size);
    const [, back, serverSum] = await Promise.race([
      failed,
      Promise.all([this.#client.sendStream(file, { name: stream, onProgress }), returned.then(collect(file.size)), checked]),
    ]);
    const seconds = (performance.now() - started) / 1000;

    const sums = { sent: await sha256(file), server: serverSum, back: await sha256(back) };
    for (const [name, sum] of Object.entries(sums)) element(`sum-${name}`).textContent = sum;
    const equal = sums.sent === sums.server && sums.sent === sums.back;
    const rate = bytes((2 * file.size) / seconds);
    if (equal) verdict("good", `Equal. ${bytes(file.size)} there and back in ${seconds.toFixed(1)} s, ${rate}/s.`);
    else verdict("bad", "The checksums differ.");
  }
}

/** @returns {(stream: import("/client/index.mjs").IncomingStream) => Promise<Blob>} */
function collect(size) {
  return async ({ readable }) => {
    const chunks = [];
    let count = 0;
    const reader = readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(chunks);
      chunks.push(value);
      progress("back", (count += value.byteLength), size);
    }
  };
}

function progress(id, count, size) {
  element(id).value = count / size;
  element(`${id}-bytes`).textContent = bytes(count);
}

function verdict(state, text) {
  const line = element("verdict");
  line.dataset.state = state;
  line.textContent = text;
}

function reset() {
  verdict("", "On the way …");
  for (const id of ["sent", "back"]) progress(id, 0, 1);
  for (const name of ["sent", "server", "back"]) element(`sum-${name}`).textContent = "–";
}
