import { EventEmitter, getEventListeners } from "node:events";
import { Observable, Subject } from "rxjs";
import { placeOf } from "../values/authors-line.ts";
import type { Counts } from "./growth.ts";

/** The listeners of one event of an object that sends events. */
class Event {
  constructor(
    readonly sender: object,
    readonly type: unknown,
    private readonly at: Error,
  ) {}

  get listeners(): number {
    const { sender, type } = this;
    if (sender instanceof EventEmitter) return sender.listenerCount(type as string);
    // oxlint-disable-next-line typescript/no-deprecated -- nothing else tells their number
    if (sender instanceof Subject) return sender.observers.length;
    return getEventListeners(sender as EventTarget, type as string).length;
  }

  toString(): string {
    const made = placeOf(this.at, "added");
    if (this.sender instanceof Subject) return `a subscription to a Subject${made}`;
    return `a listener for "${String(this.type)}" of ${this.sender === process ? "process" : nameOf(this.sender)}${made}`;
  }
}

/** The events that some work listened to: of emitters, event targets and Subjects. */
export class Listeners {
  readonly #events = new Map<object, Map<unknown, Event>>();

  /** The number of listeners of each event. */
  get counts(): Counts {
    return new Map([...this.#events.values()].flatMap((events) => [...events.values()].map((event) => [event, event.listeners] as const)));
  }

  added(sender: object, type: unknown): void {
    const events = this.#events.get(sender) ?? new Map<unknown, Event>();
    this.#events.set(sender, events);
    if (!events.has(type)) events.set(type, new Event(sender, type, new Error("added")));
  }
}

type Method = (this: object, ...parameters: unknown[]) => unknown;

/** The methods with which listeners are added; `once` and others call them. Node tells nobody of a listener, so they are wrapped during a check. */
const methods: readonly (readonly [prototype: object, name: string])[] = [
  [EventEmitter.prototype, "on"],
  [EventEmitter.prototype, "addListener"],
  [EventEmitter.prototype, "prependListener"],
  [EventTarget.prototype, "addEventListener"],
  [Observable.prototype, "subscribe"],
];

let watching = 0;
let restore: (() => void) | undefined;

/** Runs work while every listener that is added is reported. @param current tells whose work adds one: other tests may run at the same time */
export async function watchListeners<T>(current: () => Listeners | undefined, work: () => Promise<T>): Promise<T> {
  watching += 1;
  restore ??= wrapMethods(current);
  try {
    return await work();
  } finally {
    watching -= 1;
    if (watching === 0) {
      restore();
      restore = undefined;
    }
  }
}

/** @returns restores the methods that nobody has wrapped meanwhile */
function wrapMethods(current: () => Listeners | undefined): () => void {
  const undo = methods.map(([prototype, name]) => {
    const original = Reflect.get(prototype, name) as Method;
    const wrapped: Method = function wrapped(...parameters) {
      if (!(this instanceof Observable) || this instanceof Subject)
        current()?.added(this, name === "subscribe" ? undefined : parameters[0]);
      return Reflect.apply(original, this, parameters);
    };
    Reflect.set(prototype, name, wrapped);
    return () => {
      if (Reflect.get(prototype, name) === wrapped) Reflect.set(prototype, name, original);
    };
  });
  return () => {
    for (const each of undo) each();
  };
}

function nameOf({ constructor }: object): string {
  return `${/^[aeiou]/i.test(constructor.name) ? "an" : "a"} ${constructor.name}`;
}
