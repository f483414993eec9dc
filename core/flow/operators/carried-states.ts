import type { Carry, DatagramCarry } from "./carry-definition.ts";
import type { Emit, Stateful } from "../chain/chain.ts";
import { isPromise } from "../chain/is-promise.ts";

/** A flow, as the states that it carries see it. */
export interface CarryHost {
  /** Each chunk is a whole datagram. */
  readonly datagrams: boolean;
  /** The states of this flow, made when they are first asked for. */
  readonly carried: CarriedStates;
  /** What a state still held goes on, in front of everything that comes. */
  leftOver(chunk: Buffer): void;
  /** A plugin's code for its state failed, and did without. */
  carryFailed(plugin: string, error: unknown): void;
}

/** Where one `carry` stands: what its state is known by. */
export interface CarryPlace {
  readonly host: CarryHost;
  readonly plugin: string;
  /** The plugin use's name, and the place of this `carry` in its hook. */
  readonly key: string;
}

/** The states of one flow, by their places. They outlive the operators that made them (ADR 0011). */
export class CarriedStates {
  readonly #living = new Map<string, CarriedState>();
  #successors: ReadonlySet<string> | undefined;

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
  expect(successors: ReadonlySet<string>): void {
    this.#successors = successors;
  }

  isExpected(key: string): boolean {
    return this.#successors?.has(key) === true;
  }

  /** The others are in place: what none of them takes over ends here. */
  arrived(): void {
    const successors = this.#successors;
    this.#successors = undefined;
    for (const [key, state] of this.#living) if (successors?.has(key) === false) state.endApart();
  }

  /** A plugin is cut out: what its states held, in the order in which it came. Throws what the plugin's code throws. */
  abandon(plugin: string): Buffer[] {
    const own = [...this.#living.values()].filter((state) => state.plugin === plugin);
    return own.toReversed().flatMap((state) => state.abandon());
  }

  /** The flow ends: a state that nobody took over, because its operators were never listened to, ends with it. */
  finish(): void {
    for (const state of this.#living.values()) state.endApart();
  }
}

/** The state of one `carry` in one flow, or in one subscription. */
export class CarriedState implements Stateful {
  readonly run: (chunk: Buffer) => unknown;
  #state: unknown;
  readonly #enter: (state: unknown) => void;
  #over = false;

  /**
   * @param maker what stands for the `carry` in the hook: a second subscription to the same one has a state of its own
   * @param place undefined outside a flow
   */
  constructor(
    private readonly carry: Carry<unknown>,
    private readonly maker: { started?: { state: unknown } | undefined },
    private readonly place: CarryPlace | undefined,
  ) {
    // A closure over the state and the step themselves: by way of an object each costs 3 ns a chunk, by way of `this` 10 ns.
    let state: unknown;
    const enter = (entered: unknown): void => void (state = entered);
    this.#enter = enter;
    const step = stepOf(carry);
    const run = (chunk: Buffer): unknown => step(state, chunk);
    const { datagram } = carry as Partial<DatagramCarry<unknown>>;
    this.run = datagram !== undefined && place?.host.datagrams === true ? datagram : run;
  }

  get plugin(): string | undefined {
    return this.place?.plugin;
  }

  begin(): void {
    const previous = this.#previous();
    this.#state = previous === undefined ? this.#start() : this.#revived(previous);
    this.#enter(this.#state);
    const { place } = this;
    if (place !== undefined && !this.#hasTwin()) place.host.carried.set(place.key, this);
  }

  finish(emit: Emit): void | PromiseLike<void> {
    const { place } = this;
    if (this.#over || (place !== undefined && !this.#hasTwin() && place.host.carried.isExpected(place.key))) return undefined;
    const given = this.#end();
    if (!isPromise(given)) return given === null ? undefined : emit(given);
    return given.then((settled) => (settled === null ? undefined : emit(settled)));
  }

  abandon(): Buffer[] {
    if (this.#over) return [];
    const given = this.#end();
    return given instanceof Uint8Array ? [given as Buffer] : [];
  }

  discard(): void {
    const { place } = this;
    if (place === undefined || this.#hasTwin() || place.host.carried.isExpected(place.key)) return;
    this.#over = true;
    place.host.carried.delete(place.key, this);
  }

  /** Ends without operators behind it. */
  endApart(): void {
    const { place } = this;
    try {
      const [chunk] = this.abandon();
      if (chunk !== undefined) place?.host.leftOver(chunk);
    } catch (error) {
      place?.host.carryFailed(place.plugin, error);
    }
  }

  #previous(): CarriedState | undefined {
    return this.#hasTwin() || this.place === undefined ? undefined : this.place.host.carried.get(this.place.key);
  }

  /** The state in its place is of another subscription to the same `carry`. */
  #hasTwin(): boolean {
    const there = this.place?.host.carried.get(this.place.key);
    return there !== undefined && there !== this && there.maker === this.maker;
  }

  #start(): unknown {
    const { started } = this.maker;
    this.maker.started = undefined;
    return started === undefined ? this.carry.start() : started.state;
  }

  /** A state that new code cannot take over ends by the code that made it. */
  #revived(previous: CarriedState): unknown {
    previous.#over = true;
    try {
      return this.carry.revive === undefined ? previous.#state : this.carry.revive(previous.#state);
    } catch (error) {
      const { place } = this;
      place?.host.carryFailed(place.plugin, error);
      previous.#over = false;
      previous.endApart();
      return this.#start();
    }
  }

  #end(): unknown {
    this.#over = true;
    this.place?.host.carried.delete(this.place.key, this);
    return this.carry.end?.(this.#state) ?? null;
  }
}

/** Called without `this`, unless it is a method of a class: `step.call` costs 4 ns a chunk. */
function stepOf(carry: Carry<unknown>): Carry<unknown>["step"] {
  if (Object.getPrototypeOf(carry) !== Object.prototype) return (state, chunk) => carry.step(state, chunk);
  return carry.step;
}
