import { AsyncLocalStorage } from "node:async_hooks";
import { authorsLine } from "../values/authors-line.ts";

/** Milliseconds from which on a timer counts as long: no check waits so long. */
const LONG_MS = 1_000;
/** Milliseconds of a long timer in a hurry. */
const SHORT_MS = 5;

/** Lines of a stack that RxJS does not fill alone. */
const DEEP = 50;

/** The real time, as some work sees it: the time of Node's own clock and timers, in contrast to `CLOCK`. */
export class RealTime {
  /** Milliseconds that `Date` is ahead. */
  ahead = 0;
  /** The long timers that were set, with the line of the plugin that set them. Their time is short instead. */
  readonly longTimers: { readonly ms: number; readonly line: string }[] = [];

  /** @param isHurried whether long timers fire soon */
  constructor(readonly isHurried = false) {}

  /** Runs work that sees this time; other work, which may run at the same time, sees the true one. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    running += 1;
    restore ??= replaceGlobals();
    try {
      return await current.run(this, work);
    } finally {
      running -= 1;
      if (running === 0) {
        restore();
        restore = undefined;
      }
    }
  }

  /** The time that a timer takes instead of `ms`. */
  hurried(ms: unknown): unknown {
    if (!this.isHurried || !(Number(ms) >= LONG_MS)) return ms;
    const line = setBy();
    if (line === "") return ms;
    this.longTimers.push({ ms: Number(ms), line });
    return SHORT_MS;
  }
}

const current = new AsyncLocalStorage<RealTime>();
let running = 0;
let restore: (() => void) | undefined;

type Timer = (work: unknown, ms?: unknown, ...more: unknown[]) => unknown;

/** Node's clock cannot be moved, so the functions that tell it are replaced during a check. @returns puts back what nobody has replaced meanwhile */
function replaceGlobals(): () => void {
  const undo = [
    replace("Date", dateOf),
    replace("setTimeout", (original: Timer) => timerOf(original)),
    replace("setInterval", (original: Timer) => timerOf(original)),
  ];
  return () => {
    for (const each of undo) each();
  };
}

function replace<T>(name: string, by: (original: T) => T): () => void {
  const original = Reflect.get(globalThis, name) as T;
  const replaced = by(original);
  Reflect.set(globalThis, name, replaced);
  return () => {
    if (Reflect.get(globalThis, name) === replaced) Reflect.set(globalThis, name, original);
  };
}

function dateOf(original: DateConstructor): DateConstructor {
  const now = (): number => original.now() + (current.getStore()?.ahead ?? 0);
  return new Proxy(original, {
    construct: (target, given: unknown[], made: NewableFunction) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, made) as object,
    get: (target, key) => (key === "now" ? now : (Reflect.get(target, key) as unknown)),
  });
}

/** Has the properties of the original, such as the one for `promisify`. */
function timerOf(original: Timer): Timer {
  return new Proxy(original, {
    apply: (target, self, [work, ms, ...more]: unknown[]) =>
      Reflect.apply(target, self, [work, current.getStore()?.hurried(ms) ?? ms, ...more]),
  });
}

/** Matches the lines of a stack between a timer and the code that set it. */
const between = /real-time\.[jt]s|node:(internal\/)?timers|node_modules[\\/]rxjs[\\/]/;

/** The line of the plugin's code that sets a timer, itself or by RxJS; empty when other code sets it, such as this kit, Node or a package. */
function setBy(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEEP;
  const lines = (new Error("set").stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = stackTraceLimit;
  return authorsLine(lines.find((line) => !between.test(line)));
}
