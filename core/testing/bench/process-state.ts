import { EventEmitter } from "node:events";
import http from "node:http";
import https from "node:https";
import { Observable, Subject } from "rxjs";

/** What the whole process shares: the names of its parts, and their values. */
export type ProcessState = ReadonlyMap<string, unknown>;

// oxfmt-ignore
const classes = [
  Array, Boolean, Date, Error, Function, Map, Number, Object, Promise, RegExp, Set, String, Symbol, Uint8Array, Buffer,
  EventEmitter, EventTarget, AbortSignal, URL, Observable, Subject, http.IncomingMessage,
];
/** Objects with values that others rely on. `process` has others, which Node changes itself. */
const objects: Readonly<Record<string, object>> = { console, JSON, Math, Reflect, Atomics };
/** Functions of the global object. Not those that Node loads at the first use. */
const functions = ["clearTimeout", "clearInterval", "setImmediate", "queueMicrotask", "structuredClone", "Promise", "Buffer"];
/** Listeners of the process that change what an error does. */
const events = ["uncaughtException", "unhandledRejection", "warning"];
/** What this kit replaces during its checks, which may run at the same time, and names of other tools. */
const ofTools =
  /^(Date|setTimeout|setInterval|EventEmitter\.prototype\.(on|addListener|prependListener)|EventTarget\.prototype\.addEventListener|Observable\.prototype\.subscribe)$|\.__/;

/** The state of the process now. */
export function processState(): ProcessState {
  return new Map([
    ...Object.entries(process.env).map(([name, value]) => [`process.env.${name}`, value] as const),
    ...events.map((event) => [`process.on("${event}")`, process.listenerCount(event)] as const),
    ...classes.flatMap((each) => [...membersOf(each.name, each), ...membersOf(`${each.name}.prototype`, each.prototype as object)]),
    ...Object.entries(objects).flatMap(([name, each]) => membersOf(name, each)),
    ...functions.map((name) => [name, Reflect.get(globalThis, name)] as const),
    ...Object.keys(Object.getOwnPropertyDescriptors(globalThis)).map((name) => [`globalThis.${name}`, true] as const),
    ["process.cwd()", process.cwd()],
    ["EventEmitter.defaultMaxListeners", EventEmitter.defaultMaxListeners],
    ["http.globalAgent", http.globalAgent],
    ["https.globalAgent", https.globalAgent],
    ["https.globalAgent.options.rejectUnauthorized", https.globalAgent.options.rejectUnauthorized],
  ]);
}

/** The most names that are told. */
const TOLD = 3;

/** What is wrong when the process is not as it was before; undefined when nothing is. */
export function changedSince(before: ProcessState): string | undefined {
  const now = processState();
  const names = new Set([...before.keys(), ...now.keys()]);
  const changed = [...names].filter((name) => !Object.is(before.get(name), now.get(name)) && !ofTools.test(name));
  if (changed.length === 0) return undefined;
  const more = changed.length > TOLD ? ` and ${changed.length - TOLD} more` : "";
  return `it changes ${changed.slice(0, TOLD).join(", ")}${more}: the whole process shares this, so other plugins and the program around the proxy change too. Keep it in the plugin, in session.notes or in the options`;
}

function membersOf(name: string, object: object): (readonly [string, unknown])[] {
  return Reflect.ownKeys(object).map((key) => {
    const { value, ...accessor } = Object.getOwnPropertyDescriptor(object, key) ?? {};
    return [`${name}.${String(key)}`, (value ?? Reflect.get(accessor, "get")) as unknown] as const;
  });
}
