import { SluiceError } from "../../contract/index.ts";
import { isPromise } from "./is-promise.ts";
import { Layout } from "./layout.ts";
import { cross, type Crossing, type Tap } from "./meter.ts";
import { emitParts, partByPart, Parts } from "./parts.ts";
import type { Emit, Stateful } from "./stateful.ts";

/** Work on one chunk: its result is passed on; null drops the chunk; a promise makes the flow wait. */
export type ChunkFunction<T = Buffer, R = T> = (chunk: T) => R | null | Promise<R | null>;

type Call = (given: unknown, chunk?: unknown) => unknown;

/** One stage of a chain, and the plugin to blame when it throws. */
export interface Step {
  readonly run: ChunkFunction<never, unknown>;
  readonly plugin: string | undefined;
  /** Set on the last stage of its plugin: the place where its chunks go on. */
  readonly exit?: Crossing | undefined;
  /** If the stage has a state: makes the object that runs instead of it, in one flow or subscription. */
  stateful?(): Stateful | undefined;
}

const WINDOW = 6;
const pass = (chunk: unknown): unknown => chunk;
const none: readonly undefined[] = [];

/** No chunk comes before the stages with a state have begun: it would bypass a plugin. */
function notBegun(): never {
  throw new Error("a chain runs once its states have begun");
}

/**
 * Neighbouring `each` stages composed into one function: no operator and no array walk between them (docs/performance.md says what
 * a stage costs). `blame` names the plugin whose stage threw.
 */
export class Chain {
  /** Runs a chunk through all stages: a chunk, null, or a promise of either. Throws what a stage throws. */
  run: (chunk: unknown) => unknown;
  #at = 0;
  /** When the running stage got its chunk; 0: it is not timed. */
  #since = 0;
  #tap: Tap | undefined;
  // The functions and the names instead of the steps: the steps are operators, and would live as long as the session (0.6 KiB for each).
  readonly #runs: Call[];
  /** What is bound to each stage: passed to it, since a closure over it is one more object to load for every chunk of every flow. */
  #bound: readonly unknown[] = none;
  readonly #layout: Layout<Crossing>;
  /** The stages with a state, by their position. */
  #states: Map<number, Stateful> | undefined;

  /** @param entry the place where chunks reach the first stage; undefined: nothing is counted there */
  constructor(
    steps: readonly Step[],
    private readonly entry?: Crossing,
  ) {
    this.#runs = steps.map((step, at) => this.#runOf(step, at));
    this.#layout = Layout.of(steps, entry);
    // Stages with a state are composed when they begin.
    this.run = this.#states === undefined ? this.#window(0) : notBegun;
  }

  /** The plugin whose stage was running when `run` threw or its promise rejected. */
  get blame(): string | undefined {
    return this.#layout.plugins[this.#at];
  }

  get isEmpty(): boolean {
    return this.#runs.length === 0;
  }

  get hasState(): boolean {
    return this.#states !== undefined;
  }

  /** Shows `tap` every chunk at each place between plugins. The stages stay the same, with their state. @param tap undefined: stop showing */
  watch(tap: Tap | undefined): void {
    this.#tap = tap;
    this.run = tap === undefined ? this.#window(0) : this.#watched(tap);
  }

  /** @returns whether a state that a stage replaces is still in use: then `work` is called when the chain may begin */
  waits(work: () => void): boolean {
    for (const state of this.#states?.values() ?? []) if (state.waits(work)) return true;
    return false;
  }

  /** Called before the first chunk. */
  begin(): void {
    if (this.#states === undefined) return;
    const bound: unknown[] = this.#runs.map(() => undefined);
    for (const [at, state] of this.#states) {
      this.#at = at;
      state.begin();
      this.#runs[at] = state.run as Call;
      bound[at] = state.bound;
    }
    this.#bound = bound;
    this.watch(this.#tap);
  }

  /** No more chunks come: what its stages still hold passes through those after them, in the order of the data. Throws what a stage throws. */
  finish(emit: Emit): void | PromiseLike<void> {
    return this.#states === undefined ? undefined : this.#finish([...this.#states], 0, emit);
  }

  /** What its stages hold, in the order in which it came to the first of them. */
  abandon(): Buffer[] {
    return [...(this.#states?.values() ?? [])].toReversed().flatMap((state) => state.abandon());
  }

  discard(): void {
    for (const state of this.#states?.values() ?? []) state.discard();
  }

  #finish(states: readonly (readonly [number, Stateful])[], from: number, emit: Emit): void | PromiseLike<void> {
    for (let index = from; index < states.length; index += 1) {
      const [at, state] = states[index] as readonly [number, Stateful];
      this.#at = at;
      const waiting = state.finish((chunk) => this.#emitAfter(at, chunk, emit));
      if (isPromise(waiting)) return waiting.then(() => this.#finish(states, index + 1, emit));
    }
    return undefined;
  }

  #emitAfter(at: number, chunk: unknown, emit: Emit): void | PromiseLike<void> {
    return emitParts(this.#goOn(at, chunk), emit);
  }

  #runOf(step: Step, at: number): Call {
    const state = step.stateful?.();
    if (state === undefined) return step.run as Call;
    (this.#states ??= new Map()).set(at, state);
    return notBegun;
  }

  /** Six stages at a time, unrolled: a loop over an array of functions costs several times as much per chunk. */
  #window(base: number): Call {
    const [a = pass, b = pass, c = pass, d = pass, e = pass, f = pass] = base === 0 ? this.#runs : this.#runs.slice(base, base + WINDOW);
    const [boundA, boundB, boundC, boundD, boundE, boundF] = this.#bound.slice(base, base + WINDOW);
    if (this.#runs.length === base + 1) return this.#single(a, boundA, base);
    const rest = this.#runs.length > base + WINDOW ? this.#window(base + WINDOW) : pass;
    const [outA, outB, outC, outD, outE, outF] = this.#layout.exits.slice(base, base + WINDOW);
    // oxlint-disable-next-line eslint/complexity -- the same six times: a function for one stage would not be inlined with the stage
    return (chunk) => {
      if (base === 0 && this.#begins(chunk)) return this.#timed(chunk);
      this.#at = base;
      const afterA = boundA === undefined ? a(chunk) : a(boundA, chunk);
      if (isSpecial(afterA, chunk)) return this.#settle(base, afterA);
      cross(outA, afterA);
      this.#at = base + 1;
      const afterB = boundB === undefined ? b(afterA) : b(boundB, afterA);
      if (isSpecial(afterB, afterA)) return this.#settle(base + 1, afterB);
      cross(outB, afterB);
      this.#at = base + 2;
      const afterC = boundC === undefined ? c(afterB) : c(boundC, afterB);
      if (isSpecial(afterC, afterB)) return this.#settle(base + 2, afterC);
      cross(outC, afterC);
      this.#at = base + 3;
      const afterD = boundD === undefined ? d(afterC) : d(boundD, afterC);
      if (isSpecial(afterD, afterC)) return this.#settle(base + 3, afterD);
      cross(outD, afterD);
      this.#at = base + 4;
      const afterE = boundE === undefined ? e(afterD) : e(boundE, afterD);
      if (isSpecial(afterE, afterD)) return this.#settle(base + 4, afterE);
      cross(outE, afterE);
      this.#at = base + 5;
      const afterF = boundF === undefined ? f(afterE) : f(boundF, afterE);
      if (isSpecial(afterF, afterE)) return this.#settle(base + 5, afterF);
      cross(outF, afterF);
      return rest(afterF);
    };
  }

  #single(run: Call, bound: unknown, base: number): Call {
    const out = this.#layout.exits[base];
    return (chunk) => {
      if (base === 0 && this.#begins(chunk)) return this.#timed(chunk);
      this.#at = base;
      const after = bound === undefined ? run(chunk) : run(bound, chunk);
      if (isSpecial(after, chunk)) return this.#settle(base, after);
      cross(out, after);
      return after;
    };
  }

  /** @returns whether the chunk is one of those that are timed */
  #begins(chunk: unknown): boolean {
    this.#since = 0;
    return this.entry?.enter(chunk) === true;
  }

  #timed(chunk: unknown): unknown {
    this.#since = performance.now();
    return this.#from(0, chunk);
  }

  #watched(tap: Tap): Call {
    return (chunk) => {
      cross(this.entry, chunk);
      tap.entered(chunk as Buffer);
      return this.#timed(chunk);
    };
  }

  /** Counts a chunk that a stage has returned, outside the fast path. */
  #crossed(at: number, value: unknown): void {
    const exit = this.#layout.exits[at];
    if (exit?.left === undefined) return;
    cross(exit, value);
    const took = this.#took();
    if (took !== undefined) exit.left.durations.add(took);
    if (this.#tap !== undefined) this.#tap.passed(exit.left.plugin, value as Buffer, took, this.#reader(at));
  }

  /** A function that reads the messages in the output of a plugin's last stage, if one of its stages works on messages. */
  #reader(at: number): ((chunk: Buffer) => readonly unknown[]) | undefined {
    const plugin = this.#layout.plugins[at];
    for (let index = at; index >= 0 && this.#layout.plugins[index] === plugin; index -= 1) {
      const state = this.#states?.get(index);
      if (state?.messagesIn !== undefined) return (chunk) => state.messagesIn?.(chunk) ?? [];
    }
    return undefined;
  }

  /** Milliseconds that the last stage took, if it is timed; the time of the next stage begins now. */
  #took(): number | undefined {
    if (this.#since === 0) return undefined;
    const now = performance.now();
    const took = now - this.#since;
    this.#since = now;
    return took;
  }

  #dropped(at: number): void {
    let last = at;
    while (last < this.#layout.exits.length && this.#layout.exits[last] === undefined) last += 1;
    const owner = this.#layout.exits[last]?.left;
    if (owner === undefined) return;
    owner.drops += 1;
    this.#tap?.dropped(owner.plugin);
  }

  /** Handles a result of stage `at` that is not a chunk: null drops, a promise is waited for, undefined is a mistake with a message of its own. */
  #settle(at: number, value: unknown): unknown {
    if (value === null) {
      this.#dropped(at);
      return null;
    }
    if (value === undefined) throw new SluiceError("SLUICE_PLUGIN_CHUNK", "a function given to each() or carry() returned undefined");
    if (isPromise(value) || value instanceof Parts) return partByPart(value, (part) => this.#goOn(at, part));
    return this.#goOn(at, value);
  }

  /** Between its own stages a plugin may pass any value; what it passes to the next plugin or to the sink of a flow must be a chunk. */
  #goOn(at: number, value: unknown): unknown {
    const plugin = this.#layout.plugins[at];
    if (plugin !== undefined && plugin !== this.#layout.plugins[at + 1] && !(value instanceof Uint8Array)) {
      this.#at = at;
      throw new SluiceError("SLUICE_PLUGIN_CHUNK", `a function given to each() gave ${typeof value}`);
    }
    this.#crossed(at, value);
    return this.#from(at + 1, value);
  }

  /** Continues at a stage in the middle, after a promise. */
  #from(start: number, chunk: unknown): unknown {
    let value = chunk;
    for (let at = start; at < this.#runs.length; at += 1) {
      this.#at = at;
      const before = value;
      const bound = this.#bound[at];
      value = bound === undefined ? this.#runs[at]?.(value) : this.#runs[at]?.(bound, value);
      if (isSpecial(value, before)) return this.#settle(at, value);
      this.#crossed(at, value);
    }
    return value;
  }
}

/** Whether a result is not simply a chunk to pass on. Most stages return the chunk that they were given, so only another value is checked. */
function isSpecial(value: unknown, given: unknown): boolean {
  return value !== given && !(value instanceof Uint8Array);
}
