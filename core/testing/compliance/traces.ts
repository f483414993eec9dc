import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { placeOf } from "../values/authors-line.ts";
import { watchLateOutput } from "./late-output.ts";
import { Listeners, watchListeners } from "./listeners.ts";

/** Resources that stay open until they are closed, by Node's names for them. */
const lasting: Readonly<Record<string, string>> = {
  Timeout: "a timer",
  Immediate: "an immediate",
  TCPWRAP: "a TCP socket",
  TCPSERVERWRAP: "a TCP server",
  PIPEWRAP: "a unix socket",
  PIPESERVERWRAP: "a unix server",
  UDPWRAP: "a UDP socket",
  FSEVENTWRAP: "a watched file",
  STATWATCHER: "a watched file",
  PROCESSWRAP: "a child process",
  WORKER: "a worker thread",
  SIGNALWRAP: "a signal handler",
};

/** Milliseconds to wait for resources that are about to close. */
export const GRACE_MS = 250;

/** A resource that is open, and where it was made. */
interface Opened {
  readonly type: string;
  readonly at: Error;
}

/** Finds the resources that some work opened and did not close. Those of other tests, which may run at the same time, are ignored. */
export class Trace {
  /** The events that the work listened to. */
  readonly listeners = new Listeners();
  /** Bytes that the work emitted after the end of its output. */
  lateBytes = 0;
  readonly #open = new Map<number, Opened>();

  /** Runs work, and notes the resources that it opens, also those of its callbacks. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    running.add(this);
    hook.enable();
    try {
      return await watchListeners(
        () => current.getStore()?.listeners,
        () => watchLateOutput(noteLate, () => current.run(this, work)),
      );
    } finally {
      running.delete(this);
      if (running.size === 0) hook.disable();
    }
  }

  /** Runs work that does not count: that of the check itself. */
  apart<T>(work: () => Promise<T>): Promise<T> {
    return current.exit(work);
  }

  /** Descriptions of the open resources, after a short wait for those that are about to close. */
  left(): Promise<string[]> {
    return this.apart(async () => {
      const end = performance.now() + GRACE_MS;
      // Node reports the closing in a later turn of the event loop.
      do await pause(2);
      while (this.#open.size > 0 && performance.now() < end);
      return [...this.#open.values()].map(({ type, at }) => `${lasting[type] ?? type}${placeOf(at, "made")}`);
    });
  }

  began(id: number, type: string): void {
    this.#open.set(id, { type, at: new Error(type) });
  }

  ended(id: number): void {
    this.#open.delete(id);
  }
}

function noteLate(bytes: number): void {
  const trace = current.getStore();
  if (trace !== undefined) trace.lateBytes += bytes;
}

const current = new AsyncLocalStorage<Trace>();
const running = new Set<Trace>();

/**
 * Watches all resources while work runs: Node has no cheaper way to detect a timer that is never cleared. Only then, since Node tells a hook of the
 * end of each promise too, for which the collector has to look after every one.
 */
const hook = createHook({
  init(id, type) {
    if (type in lasting) current.getStore()?.began(id, type);
  },
  destroy(id) {
    for (const trace of running) trace.ended(id);
  },
});
