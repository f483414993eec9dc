import { Durations } from "./durations.ts";
import type { Layout } from "./layout.ts";

/** One chunk in this many is timed: reading the clock at each stage for every chunk would cost more than the stages. */
const SAMPLED = 64;

/** Counts what one plugin use does with the data of one direction, in all sessions of its listener. It survives reloads. */
export class PluginMeter {
  drops = 0;
  /** Sampled, but complete while somebody watches. */
  readonly durations = new Durations();
  readonly #entered: Crossing[] = [];
  readonly #left: Crossing[] = [];
  #first: Crossing | undefined;
  #next: Crossing | undefined;

  constructor(readonly plugin: string) {}

  /** Chunks and bytes that came to the plugin. */
  get in(): CrossingTotals {
    return total(this.#entered);
  }

  /** Chunks and bytes that it passed on. */
  get out(): CrossingTotals {
    return total(this.#left);
  }

  /** The place where chunks come to it from the source. */
  get first(): Crossing {
    return (this.#first ??= new Crossing(undefined, this.#entered, undefined));
  }

  /** Adds a place where chunks come to it from another plugin. */
  comesFrom(place: Crossing): void {
    this.#entered.push(place);
  }

  /** The place where its chunks go to the next plugin of a session, or to the sink: the same object for the same neighbour. */
  to(next: PluginMeter | undefined): Crossing {
    const before = this.#next;
    return before !== undefined && before.right === next ? before : this.#goesTo(next);
  }

  /** Apart, since a function with a closure makes room for what the closure uses at each call. */
  #goesTo(next: PluginMeter | undefined): Crossing {
    const known = this.#left.find(({ right }) => right === next);
    this.#next = known ?? new Crossing(this, this.#left, next);
    if (known === undefined) next?.comesFrom(this.#next);
    return this.#next;
  }
}

export interface CrossingTotals {
  readonly chunks: number;
  readonly bytes: number;
}

/** A place between two plugins, with counts of what has crossed it: plain fields, since it is on the path of every chunk. */
export class Crossing implements CrossingTotals {
  chunks = 0;
  bytes = 0;
  /** Of the last chain that begins here. */
  layout: Layout<Crossing> | undefined = undefined;

  /** @param all the list that it is added to */
  constructor(
    readonly left: PluginMeter | undefined,
    all: Crossing[],
    readonly right: PluginMeter | undefined,
  ) {
    all.push(this);
  }

  /** @returns whether this chunk is to be timed */
  enter(chunk: unknown): boolean {
    this.bytes += bytesOf(chunk);
    this.chunks += 1;
    return this.chunks % SAMPLED === 0;
  }
}

/** Counts a chunk that crosses a place. A function instead of a method, since between most stages there is no such place. */
export function cross(place: Crossing | undefined, chunk: unknown): void {
  if (place === undefined) return;
  place.chunks += 1;
  place.bytes += bytesOf(chunk);
}

/** 0 for a value that is not a chunk, which only a faulty plugin passes on. */
function bytesOf(chunk: unknown): number {
  return (chunk as Uint8Array).length | 0;
}

/** An observer of the chunks of one flow, at every place between its plugins. A chunk is lent for the call only. */
export interface Tap {
  /** A chunk came from the source. */
  entered(chunk: Buffer): void;
  /**
   * @param milliseconds that the plugin took; undefined: not measured
   * @param messages reads the messages in the chunk, if the plugin works on messages
   */
  passed(plugin: string, chunk: Buffer, milliseconds: number | undefined, messages?: (chunk: Buffer) => readonly unknown[]): void;
  dropped(plugin: string): void;
}

function total(places: readonly Crossing[]): CrossingTotals {
  let [chunks, bytes] = [0, 0];
  for (const each of places) {
    chunks += each.chunks;
    bytes += each.bytes;
  }
  return { chunks, bytes };
}
