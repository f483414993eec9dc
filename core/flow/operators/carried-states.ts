import type { Carry, DatagramCarry } from "./carry-definition.ts";
import type { Emit, Run, Stateful } from "../chain/stateful.ts";
import { isPromise } from "../chain/is-promise.ts";
import { emitParts, Parts } from "../chain/parts.ts";
import { SluiceError } from "../../contract/index.ts";

/** A flow, as the states that it carries see it. */
export interface CarryHost {
  /** Each chunk is a whole datagram. */
  readonly datagrams: boolean;
  /** The states of this flow, made when they are first asked for. */
  readonly carried: CarriedStates;
  /** Passes on what a state still held, in front of everything that follows. */
  leftOver(chunk: Buffer): void;
  /** A plugin's code for its state failed; the flow continues without that state. */
  carryFailed(plugin: string, error: unknown): void;
}

/** The place of one `carry`, by which its state is found. */
export interface CarryPlace {
  readonly host: CarryHost;
  readonly plugin: string;
  /** The plugin use's name, and the place of this `carry` in its hook. */
  readonly key: string;
  /** Larger, the nearer to the sink among all of the flow. */
  readonly order: number;
  /** The operators that it belongs to. `wait` returns whether `work` has to wait until they are in place. */
  readonly site: { wait(work: () => void): boolean };
}

type Step = Carry<unknown>["step"];

const none: ReadonlySet<string> = new Set();

/** The states of one flow, by their places. They outlive the operators that made them (ADR 0011). */
export class CarriedStates {
  readonly #living = new Map<string, CarriedState>();
  #successors: ReadonlySet<string> | undefined;

  get isEmpty(): boolean {
    return this.#living.size === 0;
  }

  get(key: string): CarriedState | undefined {
    return this.#living.get(key);
  }

  set(key: string, state: CarriedState): void {
    this.#living.set(key, state);
  }

  delete(key: string, state: CarriedState): void {
    if (this.#living.get(key) === state) this.#living.delete(key);
  }

  /** The operators are being swapped for others, which have a `carry` in these places. */
  expect(successors: ReadonlySet<string> = none): void {
    this.#successors = successors;
  }

  isExpected(key: string): boolean {
    return this.#successors?.has(key) === true;
  }

  /** The new operators are in place: a state that none of them takes over ends here. */
  arrived(): void {
    const successors = this.#successors;
    this.#successors = undefined;
    for (const [key, state] of this.#inOrder()) if (successors?.has(key) === false) state.endApart();
  }

  /** A plugin is taken out: returns what its states held, in the order in which it came. Throws what the plugin's code throws. */
  abandon(plugin: string): Buffer[] {
    const own = this.#inOrder().filter(([, state]) => state.plugin === plugin);
    return own.flatMap(([, state]) => state.abandon());
  }

  /** The flow ends: a state that nobody took over, because nothing subscribed to the new operators, ends with it. */
  finish(): void {
    for (const [, state] of this.#inOrder()) state.endApart();
  }

  /** What is held nearest to the sink came first. */
  #inOrder(): (readonly [string, CarriedState])[] {
    return [...this.#living].toSorted(([, one], [, other]) => other.order - one.order);
  }
}

/** The state of one `carry` in one flow, or in one subscription. */
export class CarriedState implements Stateful {
  run: Run = notBegun;
  bound: unknown = undefined;
  #state: unknown;
  #over = false;
  /** What a state that could not be revived held. It goes before the output of the next chunk: stages behind may still hold what came before it. */
  #before: Buffer | undefined;

  /**
   * @param maker identifies the `carry` in the hook: a second subscription to the same `carry` has a state of its own
   * @param place undefined outside a flow
   */
  constructor(
    private readonly carry: Carry<unknown>,
    private readonly maker: { started?: { state: unknown } | undefined },
    private readonly place: CarryPlace | undefined,
  ) {}

  /** Handles a chunk outside a chain. */
  handle(chunk: Buffer): unknown {
    const run = this.run as (given: unknown, chunk?: Buffer) => unknown;
    return this.bound === undefined ? run(chunk) : run(this.bound, chunk);
  }

  get plugin(): string | undefined {
    return this.place?.plugin;
  }

  get order(): number {
    return this.place?.order ?? 0;
  }

  waits(work: () => void): boolean {
    return this.place?.site.wait(work) === true;
  }

  begin(): void {
    const previous = this.#previous();
    this.#state = previous === undefined ? this.#start() : this.#revived(previous);
    this.#compose(this.#state);
    const { place } = this;
    if (place !== undefined && !this.#hasTwin()) place.host.carried.set(place.key, this);
  }

  finish(emit: Emit): void | PromiseLike<void> {
    const { place } = this;
    if (this.#over || (place !== undefined && !this.#hasTwin() && place.host.carried.isExpected(place.key))) return undefined;
    const before = this.#before;
    const given = this.#end();
    if (before !== undefined) return emitParts(new Parts(before, Promise.resolve(given)), emit);
    return given === null ? undefined : emit(given);
  }

  abandon(): Buffer[] {
    if (this.#over) return [];
    const before = this.#before;
    const given = this.#end();
    return [before, given].filter((each): each is Buffer => each instanceof Uint8Array);
  }

  discard(): void {
    const { place } = this;
    if (place === undefined || this.#hasTwin() || place.host.carried.isExpected(place.key)) return;
    this.#over = true;
    place.host.carried.delete(place.key, this);
  }

  /** Ends when there are no operators behind it. */
  endApart(): void {
    const { place } = this;
    try {
      for (const chunk of this.abandon()) place?.host.leftOver(chunk);
    } catch (error) {
      place?.host.carryFailed(place.plugin, error);
    }
  }

  #compose(state: unknown): void {
    const { carry } = this;
    const { datagram } = carry as Partial<DatagramCarry<unknown>>;
    const step = stepOf(carry);
    if (datagram !== undefined && this.place?.host.datagrams === true) this.run = datagram;
    else if (this.#before !== undefined || state === undefined) this.run = this.#preceded(state, step);
    else {
      this.run = step;
      this.bound = state;
    }
  }

  /** The first chunk goes behind what is still to be emitted. */
  #preceded(state: unknown, step: Step): (chunk: Buffer) => unknown {
    return (chunk) => {
      const result = step(state, chunk);
      const before = this.#before;
      if (before === undefined) return result;
      this.#before = undefined;
      return new Parts(before, Promise.resolve(result));
    };
  }

  #previous(): CarriedState | undefined {
    return this.#hasTwin() || this.place === undefined ? undefined : this.place.host.carried.get(this.place.key);
  }

  /** Whether the state in its place belongs to another subscription to the same `carry`. */
  #hasTwin(): boolean {
    const there = this.place?.host.carried.get(this.place.key);
    return there !== undefined && there !== this && there.maker === this.maker;
  }

  #start(): unknown {
    const { started } = this.maker;
    this.maker.started = undefined;
    return started === undefined ? this.carry.start() : started.state;
  }

  /** A state that new code cannot take over is ended by the code that made it. */
  #revived(previous: CarriedState): unknown {
    previous.#over = true;
    try {
      const state = this.carry.revive === undefined ? previous.#state : this.carry.revive(previous.#state);
      this.#before = previous.#before;
      return state;
    } catch (error) {
      const { place } = this;
      place?.host.carryFailed(place.plugin, error);
      previous.#over = false;
      this.#take(previous);
      return this.#start();
    }
  }

  /** Passes on what a state that ends holds; if others hold something too, with the next chunk, through the stages behind. */
  #take(previous: CarriedState): void {
    const { place } = this;
    try {
      const held = previous.abandon();
      if (held.length === 0) return;
      if (place?.host.carried.isEmpty === true) for (const chunk of held) place.host.leftOver(chunk);
      else this.#before = Buffer.concat(held);
    } catch (error) {
      place?.host.carryFailed(place.plugin, error);
    }
  }

  /** It may be called where nobody can wait, such as between two operators, so a promise is refused everywhere. */
  #end(): unknown {
    this.#over = true;
    this.place?.host.carried.delete(this.place.key, this);
    const given: unknown = this.carry.end?.(this.#state) ?? null;
    if (!isPromise(given)) return given;
    // The promise itself is the fault: its rejection must not end the process too.
    Promise.resolve(given).catch(() => undefined);
    throw new SluiceError("SLUICE_PLUGIN_CARRY", "the end of a carry() returned a promise");
  }
}

/** No chunk comes before a state has begun. */
function notBegun(): never {
  throw new Error("a carry runs once it has begun");
}

/** The step to call: without `this`, unless it is a method of a class, since `step.call` costs 4 ns per chunk. */
function stepOf(carry: Carry<unknown>): Step {
  if (Object.getPrototypeOf(carry) !== Object.prototype) return (state, chunk) => carry.step(state, chunk);
  return carry.step;
}
