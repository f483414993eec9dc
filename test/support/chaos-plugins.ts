import { concatMap, concatWith, delay, EMPTY, map, NEVER, Observable, take, takeWhile, throwError } from "rxjs";
import { definePlugin } from "sluice";
import type { FunctionPlugin, PluginUse, UseOptions } from "sluice";
import { carry, delayBytes, each } from "sluice/flow";

/** Plugins under which every byte arrives, in order. */
export const harmless = [
  "pass",
  "later",
  "raw",
  "raw pass",
  "raw later",
  "delay",
  "paced",
  "bypassed throw",
  "bypassed reject",
  "bypassed raw",
] as const;
/** The same on streams alone: they hold the last bytes of each chunk until the next, over any reload. */
export const carrying = ["carry", "carry later", "raw carry", "bypassed carry", "bypassed raw carry"] as const;
/** Plugins whose operators complete before their source does. */
export const early = ["complete", "limit", "later complete", "once then complete"] as const;
/** Plugins that hold chunks for a while: what they hold when operators behind them complete is lost. */
export const holding = ["later", "delay", "paced", "raw later", "bypassed reject", "later complete", ...carrying] as const;
/** Plugins that keep no chunk beyond what a flow can see, and so may be lent chunks. */
export const borrowing = [
  "pass",
  "later",
  "raw",
  "raw pass",
  "raw later",
  "paced",
  "bypassed throw",
  "bypassed reject",
  "bypassed raw",
  "throw",
  "reject",
  "raw throw",
  ...early,
  ...carrying,
] as const;
/** Plugins that end a session, or cut a direction short. */
export const harmful = [
  "throw",
  "reject",
  "raw throw",
  ...early,
  "hook",
  "wrong",
  "admit throws",
  "admit rejects",
  "connect fails",
  "connect throws",
  "connect completes",
] as const;
/** Plugins under which a session does not end by itself. */
export const hanging = ["never", "admit never", "connect never"] as const;

/** What a chaotic plugin does, and at which chunk. */
export interface ChaosPlugin {
  readonly kind: (typeof harmless)[number] | (typeof carrying)[number] | (typeof harmful)[number] | (typeof hanging)[number] | "setup";
  readonly at: number;
}

/** What must come back to nothing once everything is closed. */
export interface Balance {
  subscriptions: number;
  plugins: number;
}

type Operator = (data: Observable<Buffer>) => Observable<Buffer>;

const both = (operator: () => Operator): FunctionPlugin => ({
  fromClient: (data) => operator()(data),
  fromUpstream: (data) => operator()(data),
});

/** Calls `act` at the nth chunk of a direction. */
function atChunk<T>(nth: number, act: () => T, otherwise: (chunk: Buffer) => Buffer | T): (chunk: Buffer) => Buffer | T {
  let count = 0;
  return (chunk) => (count++ === nth ? act() : otherwise(chunk));
}

/** True until so many bytes have come. */
function atMost(bytes: number): (chunk: Buffer) => boolean {
  let left = bytes;
  return (chunk) => (left -= chunk.length) > 0;
}

const same = (chunk: Buffer): Buffer => chunk;
const later = (chunk: Buffer): Promise<Buffer> => new Promise((resolve) => void setImmediate(resolve, chunk));
const HELD = 5;
/** Holds the last bytes of each chunk; `work` is done on what goes on. */
const held = (work: (chunk: Buffer) => Buffer | Promise<Buffer>): Operator =>
  carry({
    start: () => ({ tail: Buffer.alloc(0) }),
    step: (state, chunk: Buffer) => {
      const whole = Buffer.concat([state.tail, chunk]);
      const out = work(whole.subarray(0, Math.max(0, whole.length - HELD)));
      state.tail = Buffer.from(whole.subarray(-HELD));
      return out;
    },
    end: ({ tail }) => tail,
  });
const fail = (): never => {
  throw new Error("chaos");
};

const hooks: Record<ChaosPlugin["kind"], (at: number) => FunctionPlugin> = {
  pass: () => both(() => each(same)),
  later: () => both(() => each(later)),
  "raw pass": () => both(() => map(same)),
  "raw later": () => both(() => (data) => data.pipe(map(same), each(later))),
  raw: () => both(() => map((chunk) => Buffer.from(chunk))),
  delay: () => both(() => delay(1)),
  paced: () => both(() => delayBytes(1)),
  "bypassed throw": (at) => both(() => each(atChunk(at, fail, same))),
  "bypassed reject": (at) => both(() => each(atChunk<Promise<Buffer>>(at, () => Promise.reject(new Error("chaos")), same))),
  "bypassed raw": (at) => both(() => map(atChunk(at, fail, same))),
  throw: (at) => both(() => each(atChunk(at, fail, same))),
  reject: (at) => both(() => each(atChunk<Promise<Buffer>>(at, () => Promise.reject(new Error("chaos")), same))),
  "raw throw": (at) => both(() => map(atChunk(at, fail, same))),
  complete: (at) => both(() => take(at + 1)),
  limit: (at) => both(() => takeWhile(atMost(at * 700_000))),
  "later complete": (at) => both(() => (data) => data.pipe(each(later), take(at + 1))),
  "once then complete": (at) => both(() => (data) => data.pipe(each(same), map(same), take(at * 3 + 1), each(same))),
  carry: () => both(() => held(same)),
  "carry later": () => both(() => held(later)),
  "raw carry": () => both(() => (data) => data.pipe(map(same), held(same), map(same))),
  "bypassed carry": (at) => both(() => held(atChunk(at, fail, same))),
  "bypassed raw carry": (at) => both(() => (data) => data.pipe(map(same), held(atChunk(at, fail, same)))),
  hook: () => ({ fromUpstream: fail }),
  wrong: (at) => both(() => each(atChunk(at, () => "no buffer" as unknown as Buffer, same))),
  "admit throws": () => ({ admit: fail }),
  "admit rejects": () => ({ admit: () => EMPTY }),
  "connect fails": () => ({ connect: () => throwError(() => new Error("chaos")) }),
  "connect throws": () => ({ connect: fail }),
  "connect completes": () => ({ connect: () => EMPTY }),
  never: () => both(() => concatWith(NEVER)),
  "admit never": () => ({ admit: (arrival) => arrival.pipe(concatMap(() => NEVER)) }),
  "connect never": () => ({ connect: () => NEVER }),
  setup: () => ({ setup: fail }),
};

/** A use of a chaotic plugin. */
export function chaosUse({ kind, at }: ChaosPlugin, balance: Balance): PluginUse {
  const options: UseOptions = kind.startsWith("bypassed") ? { onError: "bypass" } : {};
  const borrows = (borrowing as readonly string[]).includes(kind);
  const make = (): FunctionPlugin => ({
    ...hooks[kind](at),
    borrows,
    teardown: () => {
      balance.plugins -= 1;
    },
  });
  const counted = (): FunctionPlugin => {
    balance.plugins += 1;
    return make();
  };
  return definePlugin(kind.replaceAll(" ", "-"), counted)(options);
}

/** A plugin that counts the subscriptions that are open in its operators. */
export function probeUse(balance: Balance): PluginUse {
  const counted: Operator = (data) =>
    new Observable((subscriber) => {
      balance.subscriptions += 1;
      const inner = data.subscribe(subscriber);
      return () => {
        balance.subscriptions -= 1;
        inner.unsubscribe();
      };
    });
  return definePlugin("probe", () => ({
    ...both(() => counted),
    borrows: true,
    admit: (arrival) => arrival,
    connect: (attempt) => attempt,
  }))({});
}
