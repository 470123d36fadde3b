// The calling side of JSON-RPC 2.0 over a Cryo client.

export class Caller {
  #client;
  #next = 0;
  /** Who waits for an answer, by the call's id. */
  #waiting = new Map();

  /** @param {import("../client/index.mjs").CryoClient} client */
  constructor(client) {
    this.#client = client;
    client.addEventListener("text", ({ detail }) => this.#answered(JSON.parse(detail)));
    client.addEventListener("close", () => this.#lost());
  }

  /**
   * @param {string} method
   * @param {...any} params
   * @returns {Promise<any>} The result; rejects with the method's error, or when the connection is lost first.
   */
  call(method, ...params) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#client.sendText(JSON.stringify({ jsonrpc: "2.0", id, method, params })).catch(reject);
    });
  }

  #answered({ id, result, error }) {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(Object.assign(new Error(error.message), { code: error.code }));
  }

  #lost() {
    for (const { reject } of this.#waiting.values()) reject(new Error("The connection was lost."));
    this.#waiting.clear();
  }
}
