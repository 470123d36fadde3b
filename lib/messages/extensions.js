"use strict";

// The extensions of a server: registration, and the chains that messages run through.

const { CryoError, argumentTypeError, codes } = require("../errors.js");
const { BINARY, NAMES, bytesOf, textOf } = require("./kinds.js");
const { report } = require("../report.js");

/**
 * @typedef {object} Hook
 * @property {any} extension
 * @property {string} method
 * @property {number} limit Bytes that the message may have behind it.
 */

class Extensions {
  #server;
  #drops;
  #maxPayload;
  /** @type {Map<string, any>} In the order of registration. */
  #byName = new Map();
  /** Per kind, the hooks in order. Replaced, never changed: a message keeps the chain it started with. */
  #receive = NAMES.map(() => /** @type {readonly Hook[]} */ ([]));
  #send = NAMES.map(() => /** @type {readonly Hook[]} */ ([]));
  #changed;

  /**
   * @param {object} server What `on_register` gets and errors are reported to.
   * @param {Readonly<Record<string, any>>} options `extensionErrors`: what becomes of a message whose hook threw; `maxPayload`.
   * @param {(receiveKinds: number) => void} changed Called with a bit per kind of received message that has hooks.
   */
  constructor(server, { extensionErrors, maxPayload }, changed) {
    this.#server = server;
    this.#drops = extensionErrors === "drop";
    this.#maxPayload = maxPayload;
    this.#changed = changed;
  }

  /**
   * @param {any} extension
   * @throws {TypeError} `ERR_CRYO_INVALID_ARGUMENT` where it is no object with a name.
   * @throws {CryoError} `ERR_CRYO_EXTENSION_EXISTS`.
   */
  register(extension) {
    const name = extension?.name;
    if (typeof name !== "string") throw argumentTypeError("RegisterExtension", extension, "an object with a name");
    if (this.#byName.has(name)) {
      throw new CryoError(codes.EXTENSION_EXISTS, `Extension '${name}' is already registered!`);
    }
    this.#byName.set(name, extension);
    this.#rebuild();
    this.#notify(extension, "on_register");
  }

  /**
   * @param {any} extensionOrName
   * @returns {boolean} Whether it was registered.
   */
  unregister(extensionOrName) {
    const name = typeof extensionOrName === "string" ? extensionOrName : extensionOrName?.name;
    const extension = this.#byName.get(name);
    if (extension === undefined) return false;
    this.#byName.delete(name);
    this.#rebuild();
    this.#notify(extension, "on_unregister");
    return true;
  }

  /** @param {string} name */
  get(name) {
    return this.#byName.get(name) ?? null;
  }

  /** Unregisters all, the newest first. */
  clear() {
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

  /**
   * Runs a message through a chain.
   *
   * @param {readonly Hook[]} chain
   * @param {number} kind
   * @param {object} session
   * @param {{ value: any }} box
   * @param {(passed: boolean) => void} done Told whether it goes on; its value is then in the box. Must not throw.
   */
  run(chain, kind, session, box, done) {
    this.#runFrom(0, { chain, kind, session, box, done });
  }

  /** Not an async function with a loop, which would cost three objects more for each hook. */
  #runFrom(at, run) {
    const { chain, session, box, done } = run;
    if (at === chain.length) return done(true);
    const { extension, method } = chain[at];
    const before = box.value;
    let result;
    try {
      // Looked up at the call: a method may be replaced while the extension is registered.
      result = Promise.resolve(extension[method](session, box));
    } catch (error) {
      result = Promise.reject(error);
    }
    result.then(
      (passed) => (passed === false ? done(false) : this.#ran(at, run, before)),
      (error) => this.#failed(at, run, before, error),
    );
  }

  /** A hook is through: is what it left in the box fit for the next one? */
  #ran(at, run, before) {
    const { chain, kind, box } = run;
    try {
      if (box.value !== before) box.value = fitting(chain[at], kind, box.value);
    } catch (error) {
      return this.#failed(at, run, before, error);
    }
    this.#runFrom(at + 1, run);
  }

  #failed(at, run, before, error) {
    const { chain, kind, session, box } = run;
    const { extension, method } = chain[at];
    report(this.#server, error, session, `${method} of extension '${extension.name}'`);
    if (this.#drops) return run.done(false);
    try {
      box.value = fitting(chain[at], kind, box.value);
    } catch {
      box.value = before;
    }
    this.#runFrom(at + 1, run);
  }

  #notify(extension, method) {
    if (typeof extension[method] !== "function") return;
    const failed = (error) => report(this.#server, error, null, `${method} of extension '${extension.name}'`);
    try {
      // An async one must not become an unhandled rejection.
      Promise.resolve(extension[method](this.#server)).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #rebuild() {
    const chain = (method, limit) =>
      [...this.#byName.values()]
        .filter((extension) => typeof extension[method] === "function")
        .map((extension) => ({ extension, method, limit }));
    this.#receive = NAMES.map((name) => chain(`on_receive_${name}`, Infinity));
    this.#send = NAMES.map((name) => chain(`before_send_${name}`, this.#maxPayload));
    this.#changed(this.#receive.reduce((bits, hooks, kind) => bits | (hooks.length > 0 ? 1 << kind : 0), 0));
  }
}

/** What a hook left in the box, as the next one may expect it. Throws for what is no such message. */
function fitting({ method, limit }, kind, value) {
  const what = `box.value after ${method}`;
  if (kind !== BINARY) return textOf(what, value, limit);
  const bytes = bytesOf(what, value, limit);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

module.exports = { Extensions };
