"use strict";

// The extensions of a server: registration, and the chains that messages run through.

const { CryoError, argumentTypeError, codes } = require("../errors.js");
const { MAX_PAYLOAD } = require("../options/options.js");
const { report } = require("../report.js");
const { BINARY, NAMES, bytesOf, textOf } = require("./kinds.js");

/**
 * @typedef {object} Hook
 * @property {any} extension
 * @property {string} name The extension's.
 * @property {string} method
 * @property {number} limit Bytes that the message may have behind it.
 */

const noop = () => {};

/** The names of all hooks. */
const HOOKS = NAMES.flatMap((name) => [`on_receive_${name}`, `before_send_${name}`]);

class Extensions {
  #server;
  #drops;
  /** @type {Map<string, any>} In the order of registration. */
  #byName = new Map();
  /** Per kind, the hooks in order. Replaced, never changed: a message keeps the chain it started with. */
  #receive = NAMES.map(() => /** @type {readonly Hook[]} */ ([]));
  #send = NAMES.map(() => /** @type {readonly Hook[]} */ ([]));
  #changed;

  /**
   * @param {object} server What `on_register` gets and errors are reported to.
   * @param {Readonly<Record<string, any>>} options `extensionErrors`: what becomes of a message whose hook threw.
   * @param {(receiveKinds: number) => void} changed Called with a bit per kind of received message that has hooks.
   */
  constructor(server, { extensionErrors }, changed) {
    this.#server = server;
    this.#drops = extensionErrors === "drop";
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
   * @param {any} value
   * @param {(passed: boolean, value: any) => void} done Told whether it goes on, and as what. Must not throw.
   */
  run(chain, kind, session, value, done) {
    this.#runFrom(0, { chain, kind, session, box: { value }, value, done });
  }

  /** Not an async function with a loop, which would cost three objects more for each hook. */
  #runFrom(at, run) {
    const { chain, session, box, done } = run;
    if (at === chain.length) return done(true, run.value);
    const { extension, method } = chain[at];
    let result;
    try {
      // Looked up at the call: a method may be replaced, or removed, while the extension is registered.
      const hook = extension[method];
      result = typeof hook === "function" ? Promise.resolve(hook.call(extension, session, box)) : null;
    } catch (error) {
      result = Promise.reject(error);
    }
    if (result === null) return this.#runFrom(at + 1, run);
    result.then(
      (passed) => (passed === false ? done(false, run.value) : this.#ran(at, run)),
      (error) => this.#failed(at, run, error),
    );
  }

  #ran(at, run) {
    try {
      takeOver(run, run.chain[at]);
    } catch (error) {
      return this.#failed(at, run, error);
    }
    this.#runFrom(at + 1, run);
  }

  #failed(at, run, error) {
    const { name, method } = run.chain[at];
    report(this.#server, error, run.session, `${method} of extension '${name}'`);
    if (this.#drops) return run.done(false, run.value);
    try {
      takeOver(run, run.chain[at]);
    } catch {
      // What it left is no such message, or can't be read or written: the next one gets a box as it would be without this hook.
      run.box = { value: run.value };
    }
    this.#runFrom(at + 1, run);
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

/** Takes over what a hook left in the box. Throws for what is no such message; an empty one may be what is left of a message that was transferred. */
function takeOver(run, hook) {
  const { box, kind, value } = run;
  const left = box.value;
  if (left === value && left.length > 0) return;
  run.value = fitting(hook, kind, left);
  if (run.value !== left) box.value = run.value;
}

/** What a hook left in the box, as the next one may expect it. Throws for what is no such message. */
function fitting({ method, limit }, kind, value) {
  const what = `box.value after ${method}`;
  if (kind !== BINARY) return textOf(what, value, limit);
  const bytes = bytesOf(what, value, limit);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

module.exports = { Extensions };
