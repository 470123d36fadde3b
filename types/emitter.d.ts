// An EventEmitter that knows its events. It exists for the compiler only: at run time these are plain EventEmitters.

import { EventEmitter } from "node:events";

/** Event names and the listeners they call. Listeners may be async; what they return is not used. */
type ListenerMap<Events> = { [Name in keyof Events]: (...args: any[]) => void };

/** An EventEmitter whose listeners are checked by the names of its events. */
export declare class TypedEmitter<Events extends ListenerMap<Events>> extends EventEmitter {
  addListener<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  on<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  once<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  prependListener<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  prependOnceListener<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  removeListener<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  off<Name extends keyof Events & string>(event: Name, listener: Events[Name]): this;
  emit<Name extends keyof Events & string>(event: Name, ...args: Parameters<Events[Name]>): boolean;
}
