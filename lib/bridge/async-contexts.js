"use strict";

// An asynchronous context for each client, as each socket of Node.js has one: what `AsyncLocalStorage.enterWith` sets in one client's listener
// must not be seen in another's, although one wake-up delivers to all of them. It begins as that in which the server was made, as the connections
// and requests of Node's own servers do.
//
// Up to Node.js 22 such stores are properties of the resource that code runs in. All wake-ups run in one, which is a stand-in for that of the
// client whose event is being delivered: changing it costs nothing, and a client has none before something is stored there. Where that is not
// so, each event runs in its client's resource.

const { AsyncLocalStorage, AsyncResource, executionAsyncId, executionAsyncResource } = require("node:async_hooks");

/** Whether stores are properties of resources. */
let inResources;

function probe() {
  const storage = new AsyncLocalStorage();
  return new AsyncResource("CRYOPROBE").runInAsyncScope(() => {
    storage.enterWith(probe);
    const resource = executionAsyncResource();
    const found = Object.getOwnPropertySymbols(resource).some((symbol) => resource[symbol] === probe);
    storage.disable();
    return found;
  });
}

const makeResource = () => new AsyncResource("CRYOCLIENT");

/** One client's. */
class AsyncContext {
  #origin;
  #resource = null;

  /** @returns {AsyncContext} One that begins as the caller's. */
  static here() {
    const context = new AsyncContext(null);
    context.#resource = makeResource();
    return context;
  }

  /** @param {AsyncResource | null} origin What it begins as. */
  constructor(origin) {
    this.#origin = origin;
  }

  /** Its resource; made when it is first asked for, whatever whoever asks has entered. */
  get resource() {
    this.#resource ??= this.#origin.runInAsyncScope(makeResource);
    return this.#resource;
  }

  /** The same, or null where nobody has asked for it. */
  get made() {
    return this.#resource;
  }
}

class AsyncContexts {
  /** The one in which the server was made. */
  #origin = new AsyncResource("CRYOSERVER");
  /** What is seen where no client's event is being delivered. */
  #base = {};
  /** @type {AsyncContext | null} */
  #current = null;
  /** Whether wake-ups run in `resource`; unknown until the first. */
  #standsIn;
  /** Which execution the wake-up is, to Node.js. After an uncaught exception that the application handles it is none any more. */
  #wakeUp = NaN;

  /** What wake-ups are to run in. */
  resource = new Proxy(this.#base, {
    get: (_, key) => Reflect.get(this.#read(), key),
    has: (_, key) => Reflect.has(this.#read(), key),
    set: (_, key, value) => Reflect.set(this.#written(), key, value),
    deleteProperty: (_, key) => Reflect.deleteProperty(this.#written(), key),
  });

  /** @returns {AsyncContext} One that begins as that of the server. */
  make() {
    return new AsyncContext(this.#origin);
  }

  /** Events are going to be delivered, in a wake-up. */
  begin() {
    this.#standsIn ??= executionAsyncResource() === this.resource && (inResources ??= probe());
    this.#wakeUp = executionAsyncId();
  }

  /** They were. */
  end() {
    this.#current = null;
  }

  /**
   * The next event is this client's. False where it has to be delivered in the context's resource.
   *
   * @param {AsyncContext} context
   * @returns {boolean}
   */
  enter(context) {
    this.#current = context;
    return this.#standsIn && executionAsyncId() === this.#wakeUp;
  }

  /**
   * Does something that an event calls for, in the context of that client's or whose it is.
   *
   * @template T
   * @param {AsyncContext} context
   * @param {() => T} task
   * @returns {T}
   */
  run(context, task) {
    return this.enter(context) ? task() : context.resource.runInAsyncScope(task);
  }

  #read() {
    return this.#current?.made ?? this.#base;
  }

  #written() {
    return this.#current?.resource ?? this.#base;
  }
}

module.exports = { AsyncContext, AsyncContexts };
