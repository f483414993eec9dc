import { Subscription, type SchedulerAction, type SchedulerLike } from "rxjs";
import type { Logger, LogMethod, Place, PluginFactory, Session } from "sluice";
import { socketAddress } from "../../../../core/contract/addresses/address.ts";

/** What a plugin logged. */
export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** A logger that remembers. */
export function createLog(bindings?: object): { readonly lines: LogLine[]; readonly logger: Logger } {
  const lines: LogLine[] = [];
  const at =
    (level: string): LogMethod =>
    (first: object | string, message?: string) => {
      const fields = typeof first === "string" ? {} : { ...first };
      lines.push({ level, fields, message: typeof first === "string" ? first : (message ?? "") });
    };
  const levels = { trace: at("trace"), debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), fatal: at("fatal") };
  const logger: Logger = { ...levels, child: () => logger, isLevelEnabled: () => true };
  return { lines, logger: bindings === undefined ? logger : Object.assign(logger, { bindings: () => bindings }) };
}

/** Counters that can be read. */
export { createMetrics } from "../../../../core/runtime/state/metrics.ts";

interface Task {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements SchedulerLike {
  #now: number;
  #tasks: Task[] = [];

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  /** Timers that have not fired. */
  get timers(): number {
    return this.#tasks.length;
  }

  now(): number {
    return this.#now;
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    const task: Task = {
      at: this.#now + delay,
      run: () => {
        work.call(new Subscription() as SchedulerAction<T>, state);
      },
    };
    this.#tasks.push(task);
    return new Subscription(() => {
      this.#tasks = this.#tasks.filter((other) => other !== task);
    });
  }

  /** Moves on, firing what falls due on the way, each at its time. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = this.#tasks.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#tasks = this.#tasks.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }

  /** What NTP or an operator does: the time is another, and no timer notices. */
  step(milliseconds: number): void {
    this.#now += milliseconds;
    this.#tasks = this.#tasks.map(({ at, run }) => ({ at: at + milliseconds, run }));
  }
}

/** Where a plugin use stands. */
export function createPlace(transport: Place["transport"]): Place {
  return { listener: "web", transport, datagrams: transport === "udp", helloFirst: transport === "tls", plugin: "plugin", folder: "/" };
}

/** A session, and the end of it. */
export interface FakeSession {
  readonly session: Session;
  end(): void;
}

let lastId = 0;

/** Makes a session that is not connected to anything. */
export function createSession(given: Partial<Session> = {}): FakeSession {
  const ending = new AbortController();
  lastId += 1;
  const session: Session = {
    id: lastId,
    listener: "web",
    transport: "tcp",
    client: socketAddress("192.0.2.1", 50_000, "IPv4"),
    peer: socketAddress("192.0.2.1", 50_000, "IPv4"),
    local: socketAddress("127.0.0.1", 8_080, "IPv4"),
    generation: 1,
    startedAt: 0,
    upstream: undefined,
    tls: undefined,
    fromClient: { bytes: 0, chunks: 0 },
    fromUpstream: { bytes: 0, chunks: 0 },
    notes: new Map(),
    signal: ending.signal,
    readFirst: () => Promise.reject(new Error("this session has no socket")),
    openUpstream: () => Promise.reject(new Error("this session has no socket")),
    reply: () => undefined,
    retarget: () => undefined,
    setClient: () => undefined,
    startTls: async () => Promise.reject(new Error("not expected")),
    close: () => undefined,
    datagrams: given.transport === "udp",
    ...given,
  };
  return {
    session,
    end: () => {
      ending.abort();
    },
  };
}

/** A plugin's options as the core parses them. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the schema's output is unknown to a definition
export function parseOptions<T>(factory: PluginFactory<never>, input: object): T {
  const result = factory.definition.schema?.safeParse(input);
  if (result?.success !== true) throw new Error(JSON.stringify(result?.error.issues));
  return result.data as T;
}

/** The paths of the options that are refused. */
export function refusedPaths(factory: PluginFactory<never>, input: object): string[] {
  const result = factory.definition.schema?.safeParse(input);
  return result === undefined || result.success ? [] : result.error.issues.map(({ path, keys }) => [...path, ...(keys ?? [])].join("."));
}
