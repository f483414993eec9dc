import { Durations } from "./durations.ts";

/** One chunk in so many is timed: asking for the time at each stage of each would cost more than the stages. */
const SAMPLED = 64;

/** What one plugin use makes of the data of one direction, in all sessions of its listener. Lives on over reloads. */
export class PluginMeter {
  drops = 0;
  /** Sampled, and exact while somebody watches. */
  readonly durations = new Durations();
  readonly #entered: Crossing[] = [];
  readonly #left: Crossing[] = [];
  #first: Crossing | undefined;
  #next: Crossing | undefined;

  constructor(readonly plugin: string) {}

  /** Chunks and bytes that came to it. */
  get in(): Passed {
    return total(this.#entered);
  }

  /** Chunks and bytes that it passed on. */
  get out(): Passed {
    return total(this.#left);
  }

  /** Where chunks come from the source to it. */
  get first(): Crossing {
    return (this.#first ??= new Crossing(undefined, this.#entered, undefined));
  }

  /** Where chunks come to it from another plugin. */
  comesFrom(place: Crossing): void {
    this.#entered.push(place);
  }

  /** Where its chunks go on to the next plugin that takes part in a session, or to the sink. The same object for the same neighbour. */
  to(next: PluginMeter | undefined): Crossing {
    if (this.#next?.right === next && this.#next !== undefined) return this.#next;
    const known = this.#left.find(({ right }) => right === next);
    this.#next = known ?? new Crossing(this, this.#left, next);
    if (known === undefined) next?.comesFrom(this.#next);
    return this.#next;
  }
}

export interface Passed {
  readonly chunks: number;
  readonly bytes: number;
}

/** A place between two plugins, and what has crossed it: plain fields, since it stands on the path of every chunk. */
export class Crossing implements Passed {
  chunks = 0;
  bytes = 0;

  /** @param all where it is counted too */
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

/** Counts a chunk that crosses. A function and no method: most places between stages are none between plugins. */
export function cross(place: Crossing | undefined, chunk: unknown): void {
  if (place === undefined) return;
  place.chunks += 1;
  place.bytes += bytesOf(chunk);
}

/** 0 for what is no chunk, which only a plugin that breaks its word passes on. */
function bytesOf(chunk: unknown): number {
  return (chunk as Uint8Array).length | 0;
}

/** Who watches the chunks of one flow at every place between its plugins. It is lent them for the call alone. */
export interface Tap {
  /** A chunk came from the source. */
  entered(chunk: Buffer): void;
  /**
   * @param milliseconds that it took; undefined: it was not measured
   * @param messages reads those in the chunk, where the plugin works on messages
   */
  passed(plugin: string, chunk: Buffer, milliseconds: number | undefined, messages?: (chunk: Buffer) => readonly unknown[]): void;
  dropped(plugin: string): void;
}

function total(places: readonly Crossing[]): Passed {
  let [chunks, bytes] = [0, 0];
  for (const each of places) {
    chunks += each.chunks;
    bytes += each.bytes;
  }
  return { chunks, bytes };
}
