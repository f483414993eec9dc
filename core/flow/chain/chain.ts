import { noChunk, returnedByEnd, returnedByStage } from "./fault.ts";
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

/** No chunk comes before the stages with a state have begun: it would bypass a plugin. */
function notBegun(): never {
  throw new Error("a chain runs once its states have begun");
}

/**
 * Neighbouring `each` stages composed into one function: no operator and no array walk between them (docs/performance.md says what
 * a stage costs). `blame` names the plugin whose stage threw.
 */
export class Chain {
  #at = 0;
  /** When the running stage got its chunk; undefined: it is not timed. */
  #since: number | undefined;
  #tap: Tap | undefined;
  // The functions and the names instead of the steps: the steps are operators, and would live as long as the session (0.6 KiB for each).
  readonly #runs: Call[];
  /** What is bound to each stage: passed to it, since a closure over it is one more object to load for every chunk of every flow. */
  #bound: readonly unknown[] | undefined;
  readonly #layout: Layout<Crossing>;
  /** The stages with a state, by their position. */
  #states: Map<number, Stateful> | undefined;

  /** @param entry the place where chunks reach the first stage; undefined: nothing is counted there */
  constructor(steps: readonly Step[], entry?: Crossing) {
    this.#runs = steps.map((step, at) => this.#runOf(step, at));
    this.#layout = Layout.of(steps, entry);
  }

  /** Runs a chunk through all stages: a chunk, null, or a promise of either. Throws what a stage throws. */
  run(chunk: unknown): unknown {
    if (this.#tap !== undefined) return this.#watched(chunk, this.#tap);
    this.#since = undefined;
    return this.#layout.entry?.enter(chunk) === true ? this.#timed(chunk) : this.#window(0, chunk);
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
    this.#bound = bound;
    for (const [at, state] of this.#states) {
      this.#at = at;
      state.begin();
      this.#runs[at] = state.run as Call;
      bound[at] = state.bound;
    }
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
    return emitParts(this.#goOn(at, chunk, returnedByEnd), emit);
  }

  #runOf(step: Step, at: number): Call {
    const state = step.stateful?.();
    if (state === undefined) return step.run as Call;
    (this.#states ??= new Map()).set(at, state);
    return notBegun;
  }

  /**
   * Six stages at a time, unrolled: a loop over an array of functions costs several times as much per chunk. A method, since a function made for
   * each chain, with all that it refers to, took a quarter of a KiB of each flow.
   */
  // oxlint-disable-next-line eslint/complexity -- the same six times: a function for one stage would not be inlined with the stage
  #window(base: number, chunk: unknown): unknown {
    const runs = this.#runs;
    const bound = this.#bound;
    const { exits } = this.#layout;
    if (runs.length === base) return chunk;
    this.#at = base;
    const runA = runs[base] as Call;
    const boundA = bound?.[base];
    const afterA = boundA === undefined ? runA(chunk) : runA(boundA, chunk);
    if (isSpecial(afterA, chunk)) return this.#settle(base, afterA);
    cross(exits[base], afterA);
    if (runs.length === base + 1) return afterA;
    this.#at = base + 1;
    const runB = runs[base + 1] as Call;
    const boundB = bound?.[base + 1];
    const afterB = boundB === undefined ? runB(afterA) : runB(boundB, afterA);
    if (isSpecial(afterB, afterA)) return this.#settle(base + 1, afterB);
    cross(exits[base + 1], afterB);
    if (runs.length === base + 2) return afterB;
    this.#at = base + 2;
    const runC = runs[base + 2] as Call;
    const boundC = bound?.[base + 2];
    const afterC = boundC === undefined ? runC(afterB) : runC(boundC, afterB);
    if (isSpecial(afterC, afterB)) return this.#settle(base + 2, afterC);
    cross(exits[base + 2], afterC);
    if (runs.length === base + 3) return afterC;
    this.#at = base + 3;
    const runD = runs[base + 3] as Call;
    const boundD = bound?.[base + 3];
    const afterD = boundD === undefined ? runD(afterC) : runD(boundD, afterC);
    if (isSpecial(afterD, afterC)) return this.#settle(base + 3, afterD);
    cross(exits[base + 3], afterD);
    if (runs.length === base + 4) return afterD;
    this.#at = base + 4;
    const runE = runs[base + 4] as Call;
    const boundE = bound?.[base + 4];
    const afterE = boundE === undefined ? runE(afterD) : runE(boundE, afterD);
    if (isSpecial(afterE, afterD)) return this.#settle(base + 4, afterE);
    cross(exits[base + 4], afterE);
    if (runs.length === base + 5) return afterE;
    this.#at = base + 5;
    const runF = runs[base + 5] as Call;
    const boundF = bound?.[base + 5];
    const afterF = boundF === undefined ? runF(afterE) : runF(boundF, afterE);
    if (isSpecial(afterF, afterE)) return this.#settle(base + 5, afterF);
    cross(exits[base + 5], afterF);
    return runs.length === base + WINDOW ? afterF : this.#window(base + WINDOW, afterF);
  }

  #timed(chunk: unknown): unknown {
    this.#since = performance.now();
    return this.#from(0, chunk);
  }

  #watched(chunk: unknown, tap: Tap): unknown {
    cross(this.#layout.entry, chunk);
    tap.entered(chunk as Buffer);
    return this.#timed(chunk);
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
    if (this.#since === undefined) return undefined;
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
    if (value === undefined) throw noChunk(value, returnedByStage);
    if (isPromise(value) || value instanceof Parts) return partByPart(value, (part) => this.#goOn(at, part));
    return this.#goOn(at, value);
  }

  /** Between its own stages a plugin may pass any value; what it passes to the next plugin or to the sink of a flow must be a chunk. */
  #goOn(at: number, value: unknown, giver = returnedByStage): unknown {
    const plugin = this.#layout.plugins[at];
    if (plugin !== undefined && plugin !== this.#layout.plugins[at + 1] && !(value instanceof Uint8Array)) {
      this.#at = at;
      throw noChunk(value, giver);
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
      const bound = this.#bound?.[at];
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
