"use strict";

// The extensions of a server: registration, and the hooks that messages run through.

const { CryoError, argumentTypeError, codes } = require("../errors.js");
const { MAX_PAYLOAD } = require("../options/options.js");
const { report } = require("../report.js");
const { NAMES } = require("./kinds.js");

/** @typedef {import("./chain.js").Hook} Hook */

const noop = () => {};

/** The names of all hooks. */
const HOOKS = NAMES.flatMap((name) => [`on_receive_${name}`, `before_send_${name}`]);

class Extensions {
  #server;
  /** @type {Map<string, any>} In the order of registration. */
  #byName = new Map();
  /** Per kind, the hooks in order. Replaced, never changed: a message keeps the chain it started with. */
  #receive = NAMES.map(() => /** @type {readonly Hook[]} */ ([]));
  #send = NAMES.map(() => /** @type {readonly Hook[]} */ ([]));
  #changed;
  /** The server has ended. */
  #ended = false;

  /**
   * @param {import("node:events").EventEmitter} server What `on_register` gets and errors are reported to.
   * @param {(receiveKinds: number) => void} changed Called with a bit per kind of received message that has hooks.
   */
  constructor(server, changed) {
    this.#server = server;
    this.#changed = changed;
  }

  /**
   * @param {any} extension
   * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT` where it is no object with a name.
   * @throws {CryoError} `ERR_CRYO_EXTENSION_EXISTS`, `ERR_CRYO_SERVER_CLOSED`.
   */
  register(extension) {
    const name = extension?.name;
    if (typeof name !== "string") throw argumentTypeError("RegisterExtension", extension, "an object with a name");
    // Nobody would call its on_unregister any more.
    if (this.#ended) throw new CryoError(codes.SERVER_CLOSED, `The server has ended, so extension '${name}' can't be registered.`);
    if (this.#byName.has(name)) {
      throw new CryoError(codes.EXTENSION_EXISTS, `Extension '${name}' is already registered!`);
    }
    // What a getter throws is the caller's, before anything has changed.
    HOOKS.forEach((hook) => extension[hook]);
    this.#byName.set(name, extension);
    this.#rebuild();
    // It may give the extension hooks that were not there when it was looked at.
    this.#notify(name, extension, "on_register", () => {
      if (this.#byName.get(name) === extension) this.#rebuild();
    });
  }

  /**
   * @param {any} extensionOrName An extension goes by itself: its name may have changed, or another one may have it.
   */
  unregister(extensionOrName) {
    for (const [name, extension] of [...this.#byName]) {
      if (extensionOrName !== name && extensionOrName !== extension) continue;
      // What an on_unregister has removed already is gone.
      if (this.#byName.get(name) !== extension) continue;
      this.#byName.delete(name);
      this.#rebuild();
      this.#notify(name, extension, "on_unregister", noop);
    }
  }

  /** @param {string} name */
  get(name) {
    return this.#byName.get(name) ?? null;
  }

  /** The server has ended: unregisters all, the newest first. */
  end() {
    this.#ended = true;
    for (const name of [...this.#byName.keys()].reverse()) this.unregister(name);
  }

  /** @returns {readonly Hook[]} What received messages of this kind run through. */
  receiveChain(kind) {
    return this.#receive[kind];
  }

  /** @returns {readonly Hook[]} What outgoing messages of this kind run through. */
  sendChain(kind) {
    return this.#send[kind];
  }

  /** @param {() => void} after Called when it has returned, and again when it has settled. */
  #notify(name, extension, method, after) {
    const failed = (error) => report(this.#server, error, null, `${method} of extension '${name}'`);
    try {
      if (typeof extension[method] !== "function") return;
      // An async one must not become an unhandled rejection.
      Promise.resolve(extension[method](this.#server)).catch(failed).then(after);
    } catch (error) {
      failed(error);
    }
    after();
  }

  #rebuild() {
    const chain = (method, limit) =>
      [...this.#byName]
        .filter(([, extension]) => isFunction(extension, method))
        .map(([name, extension]) => ({ extension, name, method, limit }));
    this.#receive = NAMES.map((name) => chain(`on_receive_${name}`, Infinity));
    this.#send = NAMES.map((name) => chain(`before_send_${name}`, MAX_PAYLOAD));
    this.#changed(this.#receive.reduce((bits, hooks, kind) => bits | (hooks.length > 0 ? 1 << kind : 0), 0));
  }
}

/** Whether an extension has a hook. What a getter throws here was thrown at the registration, or it was another getter then. */
function isFunction(extension, method) {
  try {
    return typeof extension[method] === "function";
  } catch {
    return false;
  }
}

module.exports = { Extensions };
