import type { WatchSubject } from "../../wire/calls.ts";
import type { ToldWorker } from "./told-worker.ts";

/** Values that are taken before the worker is told that it may send more. */
const AT_ONCE = 64;

interface Watched {
  readonly what: WatchSubject;
  readonly take: (worker: ToldWorker, value: unknown, missed: number) => void;
  /** For each worker, the values taken since it was last told. */
  readonly taken: Map<ToldWorker, number>;
}

/** Watches something in all workers, also in later ones. */
export class Watching {
  readonly #watched = new Map<number, Watched>();
  #last = 0;

  constructor(private readonly workers: () => readonly ToldWorker[]) {}

  /** @returns a function that stops it */
  begin(what: WatchSubject, take: Watched["take"]): () => void {
    this.#last += 1;
    const number = this.#last;
    this.#watched.set(number, { what, take, taken: new Map() });
    for (const worker of this.workers()) worker.channel.tell("show", number, what);
    return () => {
      if (!this.#watched.delete(number)) return;
      for (const worker of this.workers()) worker.channel.tell("hide", number);
    };
  }

  /** A worker has begun to serve. */
  greet(worker: ToldWorker): void {
    for (const [number, { what }] of this.#watched) worker.channel.tell("show", number, what);
  }

  gone(worker: ToldWorker): void {
    for (const { taken } of this.#watched.values()) taken.delete(worker);
  }

  shown(worker: ToldWorker, number: number, value: unknown, missed: number): void {
    const watched = this.#watched.get(number);
    if (watched === undefined) return;
    watched.take(worker, value, missed);
    const taken = (watched.taken.get(worker) ?? 0) + 1;
    watched.taken.set(worker, taken % AT_ONCE);
    if (taken === AT_ONCE) worker.channel.tell("seen", number, AT_ONCE);
  }
}
