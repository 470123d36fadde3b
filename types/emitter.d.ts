// An EventEmitter that knows its events. It exists for the compiler only: at run time these are plain EventEmitters.

import { EventEmitter } from "node:events";

/** Event names and the listeners they call. Listeners may be async; what they return is not used. */
type ListenerMap<Events> = { [Name in keyof Events]: (...args: any[]) => void };

/**
 * An EventEmitter whose listeners are checked by the names of its events. Those of 3.0.9 stand alone in the first signature of each method, so that a
 * function that is generic over their names can call it; the second one has all.
 */
export declare class TypedEmitter<Events extends ListenerMap<Events>, Added extends ListenerMap<Added> = {}> extends EventEmitter {
  addListener<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  addListener<Name extends keyof (Events & Added) & string>(event: Name, listener: (Events & Added)[Name]): this;
  on<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  on<Name extends keyof (Events & Added) & string>(event: Name, listener: (Events & Added)[Name]): this;
  once<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  once<Name extends keyof (Events & Added) & string>(event: Name, listener: (Events & Added)[Name]): this;
  prependListener<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  prependListener<Name extends keyof (Events & Added) & string>(event: Name, listener: (Events & Added)[Name]): this;
  prependOnceListener<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  prependOnceListener<Name extends keyof (Events & Added) & string>(event: Name, listener: (Events & Added)[Name]): this;
  removeListener<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  removeListener<Name extends keyof (Events & Added) & string>(event: Name, listener: (Events & Added)[Name]): this;
  off<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  off<Name extends keyof (Events & Added) & string>(event: Name, listener: (Events & Added)[Name]): this;
  emit<Name extends keyof Events & string>(event: Name, ...args: Parameters<Events[Name]>): boolean;
  emit<Name extends keyof (Events & Added) & string>(event: Name, ...args: Parameters<(Events & Added)[Name]>): boolean;
}
