import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { authorsLine } from "../values/authors-line.ts";

/** What keeps running until somebody ends it, by Node's names for it. */
const lasting: Readonly<Record<string, string>> = {
  Timeout: "a timer",
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

/** How long what is about to end has for it. */
const GRACE_MS = 250;

/** What was begun within some work and has not ended. Of nobody else: other tests of the process may run meanwhile. */
export class Trace {
  readonly #open = new Map<number, string>();

  /** Runs work, and notes what is begun in it, also later. */
  run<T>(work: () => Promise<T>): Promise<T> {
    watch();
    return current.run(this, work);
  }

  /** What is open, in words, once all that ends soon has ended. */
  left(): Promise<string[]> {
    // Its own timers are no trace.
    return current.exit(async () => {
      const end = performance.now() + GRACE_MS;
      // Node tells of ends in a later turn.
      do await pause(2);
      while (this.#open.size > 0 && performance.now() < end);
      return [...this.#open.values()];
    });
  }

  began(id: number, type: string): void {
    const line = authorsLine(new Error(type).stack);
    this.#open.set(id, `${lasting[type] ?? type}${line === "" ? "" : ` (${line.replace(/^at /, "made at ")})`}`);
    traces.set(id, this);
  }

  ended(id: number): void {
    this.#open.delete(id);
  }
}

const current = new AsyncLocalStorage<Trace>();
const traces = new Map<number, Trace>();
let isWatching = false;

/** From the first trace on: Node has no cheaper way to see a timer that is never cleared. */
function watch(): void {
  if (isWatching) return;
  isWatching = true;
  createHook({
    init(id, type) {
      if (type in lasting) current.getStore()?.began(id, type);
    },
    destroy(id) {
      traces.get(id)?.ended(id);
      traces.delete(id);
    },
  }).enable();
}
